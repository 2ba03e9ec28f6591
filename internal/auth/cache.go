package auth

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"anteroom/internal/entitlement"
)

// Limits of the cache of verified tokens.
const (
	cacheEntries = 10_000
	cacheLife    = 5 * time.Minute
)

// cache remembers tokens that were found good, by their SHA-256, so that a token costs a
// public-key operation once and not with every call. It never holds a token, and never
// answers after the token's end or five minutes, so that a key that its issuer withdrew
// is not trusted much longer. It is safe for concurrent use.
//
// It has two halves: when the newer is full the older is dropped.
type cache struct {
	mu           sync.RWMutex
	newer, older map[digest]entry
	half         int
}

type digest = [sha256.Size]byte

type entry struct {
	actor entitlement.Actor
	until time.Time
}

func newCache(entries int) *cache {
	return &cache{newer: make(map[digest]entry), half: entries / 2}
}

// get returns the actor of a token that was good, and is still at now.
func (c *cache) get(d digest, now time.Time) (entitlement.Actor, bool) {
	c.mu.RLock()
	e, ok := c.newer[d]
	old := false
	if !ok {
		e, ok = c.older[d]
		old = ok
	}
	c.mu.RUnlock()
	if !ok || !now.Before(e.until) {
		return entitlement.Actor{}, false
	}
	if old {
		c.put(d, e)
	}
	return e.copy(), true
}

// put remembers an entry, dropping older ones if need be.
func (c *cache) put(d digest, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.newer[d]; !ok && len(c.newer) >= c.half {
		c.older, c.newer = c.newer, make(map[digest]entry, c.half)
	}
	c.newer[d] = e
	delete(c.older, d)
}

// copy keeps callers from changing each other's permissions.
func (e entry) copy() entitlement.Actor {
	a := e.actor
	a.Permissions = slices.Clone(a.Permissions)
	return a
}
