package store

import "context"

type deferrable struct{}

// Deferrable marks the changes made with a context as those to refuse first, with
// ErrUnavailable, when many changes wait: what begins something new gives way to what ends
// something that was begun.
func Deferrable(ctx context.Context) context.Context {
	return context.WithValue(ctx, deferrable{}, true)
}

// IsDeferrable reports whether changes made with the context are to be refused first.
func IsDeferrable(ctx context.Context) bool {
	marked, _ := ctx.Value(deferrable{}).(bool)
	return marked
}
