package sqlstore

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"
)

// kept are rows of tables that seldom change, in memory. The database counts the changes of
// those tables in the tenant's row (see migration 6), whoever makes them: a transaction,
// which reads that row anyway, uses what is kept of the same count and nothing else. It is
// safe for concurrent use.
type kept struct {
	mu      sync.RWMutex
	tenants map[int64]*keptTenant
	size    int // bytes, about
}

// keptTenant are rows of one tenant, by what they answer.
type keptTenant struct {
	revision int64
	answers  map[question][][]driver.Value
}

func newKept() *kept { return &kept{tenants: make(map[int64]*keptTenant)} }

// question is a statement with its arguments.
type question struct{ text, args string }

const (
	// mostKept bounds the memory of a process for it, in bytes. What does not fit is begun anew.
	mostKept = 16 << 20
	// mostKeptRows is how many rows an answer has at most that is kept.
	mostKeptRows = 16
	// keptBeside is what an answer costs beside its text, bytes.
	keptBeside = 200
)

func questionOf(text string, args []driver.Value) question {
	var b strings.Builder
	for _, a := range args[1:] { // the first is the tenant
		fmt.Fprintf(&b, "%T %v\x00", a, a)
	}
	return question{text, b.String()}
}

// find returns the rows that answer a question about a tenant at a revision.
func (k *kept) find(tenant, revision int64, q question) (rows [][]driver.Value, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	t := k.tenants[tenant]
	if t == nil || t.revision != revision {
		return nil, false
	}
	rows, ok = t.answers[q]
	return rows, ok
}

// likely reports whether a question about a tenant can be answered, at whatever revision.
func (k *kept) likely(tenant int64, q question) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	t := k.tenants[tenant]
	if t == nil {
		return false
	}
	_, ok := t.answers[q]
	return ok
}

// keep remembers the answer to a question; who still sees an older revision has none to keep.
func (k *kept) keep(tenant, revision int64, q question, rows [][]driver.Value) {
	if len(rows) > mostKeptRows {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.tenants[tenant]
	switch {
	case t != nil && t.revision > revision:
		return
	case t == nil || t.revision < revision:
		if t != nil {
			k.size -= t.size()
		}
		t = &keptTenant{revision: revision, answers: make(map[question][][]driver.Value)}
		k.tenants[tenant] = t
	}
	if _, there := t.answers[q]; there {
		return
	}
	size := sizeOf(q, rows)
	if k.size+size > mostKept {
		clear(k.tenants)
		k.size = 0
		t.answers = make(map[question][][]driver.Value)
		k.tenants[tenant] = t
	}
	t.answers[q] = rows
	k.size += size
}

func (t *keptTenant) size() (n int) {
	for q, rows := range t.answers {
		n += sizeOf(q, rows)
	}
	return n
}

func sizeOf(q question, rows [][]driver.Value) int {
	n := keptBeside + len(q.args)
	for _, row := range rows {
		for _, v := range row {
			s, _ := v.(string)
			n += 16 + len(s)
		}
	}
	return n
}
