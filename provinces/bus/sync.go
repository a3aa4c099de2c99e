package bus

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go"
)

// syncQuestion is answered by every server of a cluster, if our account may ask it: it
// belongs to the system account, which can export it to ours.
const syncQuestion = "$SYS.REQ.SERVER.PING.JSZ"

const (
	syncFirst = time.Second            // how long the first server may take to answer
	syncNext  = 250 * time.Millisecond // and each further one of a cluster
)

// SyncAlways says whether the broker syncs every message before it acknowledges it. The
// embedded one always can tell. An external one tells only an account that its system
// account lets ask; otherwise known is false, and the operator's word has to do. In a
// cluster all servers are asked, and always is true when each that answers says so.
func (b *Bus) SyncAlways(ctx context.Context) (known, always bool) {
	if b.server != nil {
		return true, b.server.SyncAlways()
	}
	inbox := b.nc.NewInbox()
	replies, err := b.nc.SubscribeSync(inbox)
	if err != nil {
		return false, false
	}
	defer replies.Unsubscribe() // fails only when the connection is gone
	if b.nc.PublishRequest(syncQuestion, inbox, nil) != nil {
		return false, false
	}
	always = true
	for wait := syncFirst; ; wait = syncNext {
		reply, err := nextReply(ctx, replies, wait)
		if err != nil {
			return known, known && always
		}
		if ok, syncs := syncAnswer(reply.Data); ok {
			known, always = true, always && syncs
		}
	}
}

func nextReply(ctx context.Context, replies *nats.Subscription, wait time.Duration) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return replies.NextMsgWithContext(ctx)
}

// syncAnswer reads one server's answer; ok is false for anything else, such as the note
// that nobody answers.
func syncAnswer(data []byte) (ok, syncs bool) {
	var jsz struct {
		Data *struct {
			Config struct {
				SyncAlways bool `json:"sync_always"`
			} `json:"config"`
		} `json:"data"`
	}
	if json.Unmarshal(data, &jsz) != nil || jsz.Data == nil {
		return false, false
	}
	return true, jsz.Data.Config.SyncAlways
}
