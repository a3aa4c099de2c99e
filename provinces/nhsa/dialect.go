package nhsa

import (
	"clearingd/ledger"
	"clearingd/provinces"
)

// Settings are what a province can set about the dialect.
type Settings struct {
	// ClearingWay is the clr_way of answers. Its meaning differs between regions
	// (national-interface 6.7), so the house only carries it. "" is "1", by item.
	ClearingWay string
}

// defaultClearingWay is 按项目, by item: the only value on whose meaning all sources
// agree.
const defaultClearingWay = "1"

// Dialect is the national dialect. It is immutable and safe for concurrent use.
type Dialect struct{ settings Settings }

var _ provinces.Adapter = (*Dialect)(nil)

// New makes the dialect with a province's settings.
func New(settings Settings) *Dialect {
	if settings.ClearingWay == "" {
		settings.ClearingWay = defaultClearingWay
	}
	return &Dialect{settings}
}

// Decode reads a request envelope: see [provinces.Adapter]. The texts of the request
// share one copy of the message.
func (d *Dialect) Decode(body []byte) (provinces.Request, error) {
	if limit := withinLimits(body); limit != "" {
		return provinces.Request{}, provinces.Reject(provinces.CodeTooDeep, "", limit, "")
	}
	p := parsers.Get().(*parser)
	defer p.release()
	if refusal := p.parse(body); refusal != nil {
		return provinces.Request{}, refusal
	}
	r := &reader{nodes: p.nodes}
	request := readEnvelope(object{reader: r, row: notARow})
	if refusal := r.refusal(); refusal != nil {
		return addressOf(request), refusal
	}
	return request, nil
}

// addressOf keeps what a refusal is addressed by.
func addressOf(r provinces.Request) provinces.Request {
	return provinces.Request{Infno: r.Infno, MsgID: r.MsgID, Treatment: r.Treatment, Home: r.Home, Provider: r.Provider}
}

// readEnvelope reads the members around input, then the input that infno asks for.
func readEnvelope(message object) provinces.Request {
	request := provinces.Request{
		Infno:     message.needText("infno", transaction),
		MsgID:     message.needText("msgid", messageID),
		Treatment: message.area("mdtrtarea_admvs"),
		Home:      message.area("insuplc_admdvs"),
		Provider:  message.needText("fixmedins_code", providerCode),
		Operator:  message.text("opter", freeText),
	}
	input := message.needObject("input")
	switch request.Infno {
	case provinces.InfnoEstimate, provinces.InfnoSettle:
		request.Claim = readClaim(input, request.Home)
		request.PersonName = readName(input)
	case provinces.InfnoCancel:
		request.Cancellation = readCancellation(input.needObject("data"))
	case provinces.InfnoReverse:
		request.Reversal = readReversal(input.needObject("data"))
	}
	return request
}

// area is a pooling area of a known province; "" otherwise.
func (o object) area(name string) ledger.Area {
	area := ledger.Area(o.needText(name, areaForm))
	if area == "" || provinces.Known(area.Province()) {
		return area
	}
	o.report(provinces.CodeProvince, o.field(name), provinceGrammar, string(area))
	return ""
}

// provinceGrammar says which six-digit areas lie in a known province.
const provinceGrammar = "(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-6])[0-9]{4}"

// readCancellation reads the data of a 2305.
func readCancellation(data object) *provinces.Cancellation {
	return &provinces.Cancellation{
		SettlementID: data.needText("setl_id", recordNumber),
		PersonNo:     data.needText("psn_no", personNumber),
		VisitID:      data.needText("mdtrt_id", recordNumber),
	}
}

// readReversal reads the data of a 2601.
func readReversal(data object) *provinces.Reversal {
	return &provinces.Reversal{
		PersonNo:      data.needText("psn_no", personNumber),
		OriginalMsgID: data.needText("omsgid", messageID),
		OriginalInfno: data.needText("oinfno", reversible),
	}
}
