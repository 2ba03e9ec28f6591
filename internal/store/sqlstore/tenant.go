package sqlstore

import (
	"context"
	"database/sql/driver"
	"encoding/base64"
	"fmt"
	"maps"
	"sync"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

const (
	tenantSelect = "SELECT number, id, clock_offset, callout_key, token_key, created, settings, revision FROM tenant"
	tenantLast   = "SELECT COALESCE(MAX(number), 0) FROM tenant"
	tenantInsert = "INSERT INTO tenant (number, id, clock_offset, callout_key, token_key, created, settings)" +
		" VALUES ($1, $2, $3, $4, $5, $6, $7)"
	tenantOffset   = "UPDATE tenant SET clock_offset = $2 WHERE number = $1"
	tenantSettings = "UPDATE tenant SET settings = $2 WHERE number = $1"
)

// tenantKey is a tenant's id and the small number that stands for it in all keys.
type tenantKey struct {
	id     entitlement.TenantID
	number int64
}

// numbers remembers the numbers of tenants, which never change.
type numbers struct {
	readers *readers
	mu      sync.RWMutex
	byID    map[entitlement.TenantID]int64
	byNum   map[int64]entitlement.TenantID
}

func (n *numbers) find(ctx context.Context, id entitlement.TenantID) (tenantKey, error) {
	for read := false; ; read = true {
		n.mu.RLock()
		number, ok := n.byID[id]
		n.mu.RUnlock()
		if ok {
			return tenantKey{id, number}, nil
		}
		if read {
			return tenantKey{}, fmt.Errorf("%w: tenant %s", store.ErrNotFound, id)
		}
		if err := n.read(ctx); err != nil {
			return tenantKey{}, err
		}
	}
}

func (n *numbers) name(ctx context.Context, number int64) (entitlement.TenantID, error) {
	for read := false; ; read = true {
		n.mu.RLock()
		id, ok := n.byNum[number]
		n.mu.RUnlock()
		if ok {
			return id, nil
		}
		if read {
			return "", fmt.Errorf("%w: tenant number %d", store.ErrNotFound, number)
		}
		if err := n.read(ctx); err != nil {
			return "", err
		}
	}
}

func (n *numbers) read(ctx context.Context) error {
	byID, byNum := make(map[entitlement.TenantID]int64), make(map[int64]entitlement.TenantID)
	err := n.readers.use(ctx, func(c *conn) error {
		return c.query(ctx, tenantSelect, nil, func(v []driver.Value) error {
			number, _ := v[0].(int64)
			id, _ := v[1].(string)
			byID[entitlement.TenantID(id)], byNum[number] = number, entitlement.TenantID(id)
			return nil
		})
	})
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	// One that was read later may be there already: tenants only come.
	maps.Copy(byID, n.byID)
	maps.Copy(byNum, n.byNum)
	n.byID, n.byNum = byID, byNum
	return nil
}

// Tenants implements store.Store.
func (s *Store) Tenants(ctx context.Context) ([]entitlement.Tenant, error) {
	var list []entitlement.Tenant
	err := s.readers.use(ctx, func(c *conn) error {
		return c.query(ctx, tenantSelect+" ORDER BY number", nil, func(v []driver.Value) error {
			t, err := scanTenant(v)
			list = append(list, t)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// CreateTenant implements store.Store.
func (s *Store) CreateTenant(ctx context.Context, t *entitlement.Tenant) error {
	if t.ID == "" {
		return fmt.Errorf("sqlstore: a tenant needs an id")
	}
	settings, err := encode(t.Settings)
	if err != nil {
		return fmt.Errorf("sqlstore: encoding settings: %w", err)
	}
	encoding := base64.StdEncoding
	return s.writer(tenantKey{}).do(ctx, tenantKey{}, func(x *txn) error {
		last, _, err := x.conn.number(context.Background(), tenantLast)
		if err != nil {
			return err
		}
		_, err = x.conn.exec(context.Background(), tenantInsert, last+1, string(t.ID), int64(t.ClockOffset),
			encoding.EncodeToString(t.CalloutKey), encoding.EncodeToString(t.TokenKey), t.CreatedAt.UnixMicro(), settings)
		return err
	})
}

func scanTenant(v []driver.Value) (t entitlement.Tenant, err error) {
	id, _ := v[1].(string)
	offset, _ := v[2].(int64)
	callout, _ := v[3].(string)
	token, _ := v[4].(string)
	t = entitlement.Tenant{ID: entitlement.TenantID(id), ClockOffset: time.Duration(offset), CreatedAt: timeOf(v[5])}
	if t.CalloutKey, err = base64.StdEncoding.DecodeString(callout); err == nil {
		t.TokenKey, err = base64.StdEncoding.DecodeString(token)
	}
	if err != nil {
		return t, fmt.Errorf("sqlstore: the keys of tenant %s: %w", id, err)
	}
	if err := decode(v[6], &t.Settings); err != nil {
		return t, fmt.Errorf("sqlstore: the settings of tenant %s: %w", id, err)
	}
	return t, nil
}

// tenants gives a transaction access to its own tenant.
type tenants struct{ *txn }

// Get implements store.Tenants.
func (t tenants) Get(ctx context.Context) (*entitlement.Tenant, error) {
	ctx, err := t.reads(ctx, false)
	if err != nil {
		return nil, err
	}
	if err := t.atHome(ctx); err != nil {
		return nil, err
	}
	return new(*t.home.self), nil
}

// SetClockOffset implements store.Tenants.
func (t tenants) SetClockOffset(ctx context.Context, offset time.Duration) error {
	now, err := t.Get(ctx)
	if err != nil {
		return err
	}
	if _, err = t.writes(); err != nil {
		return err
	}
	t.home.self = nil
	t.conn.later(tenantOffset, t.number, int64(offset))
	// A clock that moves ahead brings what is due nearer.
	t.conn.later(jobShift, t.number, (now.ClockOffset - offset).Microseconds())
	return nil
}

// SetSettings implements store.Tenants.
func (t tenants) SetSettings(_ context.Context, s entitlement.Settings) error {
	if _, err := t.writes(); err != nil {
		return err
	}
	text, err := encode(s)
	if err != nil {
		return fmt.Errorf("sqlstore: encoding settings: %w", err)
	}
	t.home.self = nil
	t.conn.later(tenantSettings, t.number, text)
	return nil
}
