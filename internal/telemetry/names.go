package telemetry

import "sync"

// names lets the first so many different values through as labels. Whoever may choose a value
// could otherwise make a series of each.
type names struct {
	most int

	mu    sync.RWMutex
	known map[string]bool
}

// other stands for all values beyond the limit.
const other = "other"

func (n *names) bounded(name string) string {
	n.mu.RLock()
	known := n.known[name]
	n.mu.RUnlock()
	if known {
		return name
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.known[name]:
	case len(n.known) >= n.most:
		return other
	case n.known == nil:
		n.known = map[string]bool{name: true}
	default:
		n.known[name] = true
	}
	return name
}
