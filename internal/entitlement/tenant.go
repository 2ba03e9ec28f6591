package entitlement

import "time"

// Tenant is one organisation. Everything stored belongs to exactly one.
type Tenant struct {
	ID TenantID
	// ClockOffset is how far the tenant's clock is ahead of the real one; never
	// other than zero outside dev mode.
	ClockOffset time.Duration
	// CalloutKey is the seed of the ed25519 key that signs the tenant's callouts
	// (RFC 8032, 32 bytes).
	CalloutKey []byte
	// TokenKey authenticates the tenant's skip tokens (HMAC-SHA-256, 32 bytes).
	TokenKey  []byte
	CreatedAt time.Time
	Settings  Settings
}

// Object is what every stored object has beside its own properties.
type Object struct {
	ID ID `json:"-"`
	// Version is raised by the store with each change; a change of an older
	// version is a conflict.
	Version    int64     `json:"-"`
	CreatedAt  time.Time `json:"-"` // UTC, microseconds
	ModifiedAt time.Time `json:"-"` // UTC, microseconds
}

// Meta gives generic code the part that all objects share.
func (o *Object) Meta() *Object { return o }
