package daemon

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/config"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// registered are the home provinces whose people must be known to the register.
func registered(homes config.Homes) map[ledger.Province]bool {
	modes := make(map[ledger.Province]bool)
	for _, p := range provinces.Provinces() {
		modes[p] = homes.Of(string(p)) == config.Registered
	}
	return modes
}

// registry is the one consumer of the REGISTRY stream.
type registry struct {
	*intake.Registry

	mu      sync.Mutex
	reached uint64        // last message with an outcome
	moved   chan struct{} // closed and replaced when reached moves
}

func (d *Daemon) newRegistry() *registry {
	r := &registry{moved: make(chan struct{})}
	r.Registry = intake.NewRegistry(intake.RegistryOptions{
		Store: d.store, Desk: d.intake.Desk, BatchMax: d.cfg.Batch.MaxClaims, Observe: d.observeRegistry,
	})
	return r
}

// at is how far the register is, and a channel that is closed when it gets further.
func (r *registry) at() (uint64, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reached, r.moved
}

func (r *registry) advance(sequence uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reached = sequence
	close(r.moved)
	r.moved = make(chan struct{})
}

// adoptRegistry gives the REGISTRY stream its place in the books, as adoptStreams does
// for claims.
func (d *Daemon) adoptRegistry(ctx context.Context) error {
	state, err := d.bus.RegistryState(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	err = d.store.Update(func(tx *store.Tx) error {
		at, err := tx.Position(store.RegistryStream)
		if err != nil {
			return err
		}
		created := state.Created.UnixNano()
		switch {
		case at == clearing.Position{}:
			tx.SetPosition(store.RegistryStream, clearing.Position{Created: created})
		case at.Created != created || state.Last < at.Sequence:
			return fmt.Errorf("%w: %w: %s was made %s and ends at %d; the books have read %d",
				ErrStorage, errForeignStream, bus.RegistryStream, state.Created.Format(time.DateTime), state.Last, at.Sequence)
		}
		d.registry.reached = at.Sequence
		return nil
	})
	return d.storeError(err)
}

// followRegistry keeps the register up to date until ctx ends.
func (d *Daemon) followRegistry(ctx context.Context) error {
	after, _ := d.registry.at()
	return d.bus.FollowRegistry(ctx, after, func(messages []provinces.RegistryMessage) error {
		if err := d.waitToBook(ctx); err != nil {
			return err
		}
		if err := d.registry.Commit(messages); err != nil {
			return err
		}
		d.registry.advance(messages[len(messages)-1].Sequence)
		return nil
	})
}

// waitForRegistry waits until the register has taken everything that the broker holds
// for it now. Whoever has decoded claims calls it before they are decided: what was
// published before a claim is then known when the claim is settled, also after a long
// standstill, although they lie in different streams.
func (d *Daemon) waitForRegistry(ctx context.Context) error {
	last, err := d.registryEnd(ctx)
	for err == nil {
		reached, moved := d.registry.at()
		if reached >= last {
			return nil
		}
		select {
		case <-moved:
		case <-time.After(waitTold):
			d.log.Warn("claims wait for the register", zap.Uint64("registry_reached", reached), zap.Uint64("registry_end", last))
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	return err
}

// waitTold is how long a standstill of the register goes unsaid.
const waitTold = 30 * time.Second

// estimateWait bounds how long an estimate waits for the register.
const estimateWait = time.Second

// refreshRegistry waits for the register as long as a person at a desk would: an
// estimate binds nobody.
func (d *Daemon) refreshRegistry(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, estimateWait)
	defer cancel()
	_ = d.waitForRegistry(ctx) // what is known by then has to do
}

// registryEnd asks for the stream's last message until the broker answers.
func (d *Daemon) registryEnd(ctx context.Context) (uint64, error) {
	for {
		state, err := d.bus.RegistryState(ctx)
		if err == nil {
			return state.Last, nil
		}
		d.log.Warn("the register's stream cannot be asked; claims wait", zap.Error(err))
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// observeRegistry logs what was refused: never whose document it was.
func (d *Daemon) observeRegistry(e intake.RegistryEvent) {
	if e.Fault != nil {
		d.log.Error("a registry document failed by our own fault", zap.Error(e.Fault))
		return
	}
	for i := range e.Records {
		r := &e.Records[i]
		if r.Outcome != provinces.RegistryRefused {
			continue
		}
		fields := make([]string, len(r.Errors))
		for i, f := range r.Errors {
			fields[i] = f.Field
		}
		d.log.Warn("a registry document is refused", zap.String("province", string(r.Province)), zap.Uint64("sequence", r.Sequence),
			zap.Int("code", int(r.Code)), zap.String("reason", r.Code.Text().Name), zap.Strings("fields", fields))
	}
}

// registryProvince is the province that a registry service is asked for.
func registryProvince(subject, prefix string) (ledger.Province, error) {
	province := ledger.Province(strings.TrimPrefix(subject, prefix+"."))
	if !provinces.Known(province) {
		return "", errNoSuch
	}
	return province, nil
}

// forProvince makes a handler of a function that answers for the province in the subject.
func forProvince[Request, Reply any](prefix string, f func(ledger.Province, Request) (Reply, error)) handler {
	return func(ctx context.Context, subject string, body []byte) ([]byte, error) {
		return answer(func(_ context.Context, request Request) (reply Reply, err error) {
			province, err := registryProvince(subject, prefix)
			if err != nil {
				return reply, err
			}
			return f(province, request)
		})(ctx, subject, body)
	}
}

// registryEndpoints are the services about the register.
func (d *Daemon) registryEndpoints() []bus.Endpoint {
	return []bus.Endpoint{
		{Name: "registry", Subject: service.Registry + ".*", Handle: forProvince(service.Registry, d.registryPerson)},
		{Name: "registryprovider", Subject: service.RegistryProvider + ".*", Handle: forProvince(service.RegistryProvider, d.registryProvider)},
		{Name: "registryrefusals", Subject: service.RegistryRefusals + ".*", Handle: forProvince(service.RegistryRefusals, d.registryRefusals)},
	}
}

// registryPerson shows what the register says of a person.
func (d *Daemon) registryPerson(home ledger.Province, request service.RegistryRequest) (service.RegistryReply, error) {
	if request.PersonNo == "" {
		return service.RegistryReply{}, missing("person_no")
	}
	reply := service.RegistryReply{
		Person: d.pseudonyms.Of(home, request.PersonNo), Mode: string(d.cfg.Homes.Of(string(home))),
	}
	var file clearing.PersonFile
	err := d.store.View(func(tx *store.Tx) (err error) {
		file, err = tx.Person(home, request.PersonNo)
		return err
	})
	if err != nil {
		return reply, err
	}
	reply.Known = !file.Empty()
	for _, e := range file.Enrolments {
		reply.Enrolments = append(reply.Enrolments, enrolmentLine(&e))
	}
	for _, f := range file.Filings {
		reply.Filings = append(reply.Filings, service.RegistryFiling{
			Document: f.ID, Version: f.Version, Type: f.Type, Places: f.Places, From: f.From, To: f.To, FiledAt: f.FiledAt,
		})
	}
	for _, c := range file.Cards {
		reply.Cards = append(reply.Cards, service.RegistryCard{
			Document: c.ID, Version: c.Version, Kind: string(c.Certificate.Class), Temporary: c.Replaces != nil, From: c.From, To: c.To,
		})
	}
	for _, a := range file.Accumulations {
		reply.Accumulations = append(reply.Accumulations, service.RegistryAccumulationLine{
			Document: a.ID, Version: a.Version, Insutype: a.Insutype, Year: a.Year, Opening: a.Opening, Outpatient: a.Outpatient,
		})
	}
	return reply, nil
}

func enrolmentLine(e *provinces.Enrolment) service.RegistryEnrolment {
	return service.RegistryEnrolment{
		Document: e.ID, Version: e.Version, Area: e.Area, Insutype: e.Insutype, PersonType: e.PersonType, From: e.From, To: e.To,
		Names: len(e.Names()), Certificates: len(e.Certificates), Identities: e.Identities, Retired: e.Retired,
		CivilServant: e.CivilServant, CivilServantRank: e.CivilServantRank, Grade: e.Grade,
		ContributionMonths: e.ContributionMonths, ContinuousYears: e.ContinuousYears, ZeroClaimYears: e.ZeroClaimYears,
		AccountAllowed: e.AccountAllowed,
	}
}

// registryProvider shows what the register says of a provider.
func (d *Daemon) registryProvider(treatment ledger.Province, request service.RegistryProviderRequest) (service.RegistryProviderReply, error) {
	if request.Provider == "" {
		return service.RegistryProviderReply{}, missing("provider")
	}
	reply := service.RegistryProviderReply{Provider: request.Provider}
	var file clearing.ProviderFile
	err := d.store.View(func(tx *store.Tx) (err error) {
		file, err = tx.Provider(treatment, request.Provider)
		return err
	})
	if err != nil {
		return reply, err
	}
	today, err := d.closing.openDay()
	if err != nil {
		return reply, err
	}
	reply.Known, reply.Today = !file.Empty(), file.Facility(today, today)
	for _, f := range file.Facilities {
		reply.Facilities = append(reply.Facilities, service.RegistryFacility{
			Document: f.ID, Version: f.Version, Area: f.Area, Level: f.Level, Traits: f.Traits, Name: f.Name, From: f.From, To: f.To,
		})
	}
	return reply, nil
}

// registryRefusalsMax bounds one reply.
const registryRefusalsMax = 100

// registryRefusals lists a province's refused documents, newest first.
func (d *Daemon) registryRefusals(province ledger.Province, request service.RegistryRefusalsRequest) (service.RegistryRefusalsReply, error) {
	limit := request.Limit
	if limit <= 0 || limit > registryRefusalsMax {
		limit = registryRefusalsMax
	}
	reply := service.RegistryRefusalsReply{Refusals: []service.RegistryRefusal{}}
	err := d.store.View(func(tx *store.Tx) error {
		counts, err := tx.RegistryCounts(province)
		if err != nil {
			return err
		}
		reply.Counts, reply.Codes = counts.Outcomes, counts.Codes
		return tx.RegistryRefusals(province, request.Before, func(r clearing.RegistryRecord) bool {
			if reply.More = len(reply.Refusals) == limit; reply.More {
				return false
			}
			reply.Refusals = append(reply.Refusals, d.refusalLine(province, &r))
			return true
		})
	})
	return reply, err
}

func (d *Daemon) refusalLine(province ledger.Province, r *clearing.RegistryRecord) service.RegistryRefusal {
	text := r.Code.Text()
	line := service.RegistryRefusal{
		Sequence: r.Sequence, Kind: r.Kind, Document: r.Document.ID, Version: r.Document.Version,
		Received: time.Unix(0, r.Received).In(clearing.China), Code: r.Code, ZH: text.ZH, EN: text.EN, Errors: r.Errors, Provider: r.Provider,
	}
	if r.PersonNo != "" {
		line.Person = d.pseudonyms.Of(province, r.PersonNo)
	}
	return line
}
