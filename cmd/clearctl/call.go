package main

import (
	"context"
	"encoding/json"
	"fmt"

	"clearingd/provinces/bus"
)

// call asks a service of the daemon once, over a connection of its own. request nil
// sends nothing.
func call[Reply any](ctx context.Context, a *app, subject string, request any) (Reply, error) {
	var reply Reply
	ctx, cancel := a.bounded(ctx)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return reply, err
	}
	defer b.Close()
	return callOn[Reply](ctx, b, subject, request)
}

// callOn asks over a connection that stands.
func callOn[Reply any](ctx context.Context, b *bus.Bus, subject string, request any) (Reply, error) {
	var reply Reply
	var body []byte
	if request != nil {
		var err error
		if body, err = json.Marshal(request); err != nil {
			return reply, err
		}
	}
	answer, err := b.Call(ctx, subject, body)
	if err != nil {
		return reply, err
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return reply, fmt.Errorf("reply of %s is not what this clearctl knows (another version?): %w", subject, err)
	}
	return reply, nil
}
