package testenv

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"anteroom/internal/pgtest"
	"anteroom/internal/server"
)

const megabyte = 1 << 20

// TestPostgresDiskFull fills the volume of a PostgreSQL while many write, and frees it: writes
// are refused with 503, Retry-After and a code, reads go on, nothing that was acknowledged is
// lost, and writes are taken again without a restart of the server.
func TestPostgresDiskFull(t *testing.T) {
	if raceDetector {
		t.Skip("too little is written then to fill anything in time; it runs without the race detector")
	}
	t.Run("data", func(t *testing.T) {
		diskFull(t, pgtest.Options{Room: 128 * megabyte, Settings: map[string]string{"max_wal_size": "64MB"}})
	})
	// Where the log has no room PostgreSQL itself crashes, and what supervises it starts it.
	t.Run("data and log", func(t *testing.T) {
		diskFull(t, pgtest.Options{Room: 128 * megabyte, LogInRoom: true, Settings: map[string]string{"max_wal_size": "16MB", "min_wal_size": "2MB"}})
	})
}

func diskFull(t *testing.T, o pgtest.Options) {
	c, err := pgtest.Start(t.Context(), o)
	if errors.Is(err, pgtest.ErrNoVolume) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	c.ShowLog(t)
	w := &writers{t: t, s: StartWith(t, server.DevOptions{Data: c.DSN("postgres")}), tenant: NewTenant(), crashes: o.LogInRoom}
	w.write(nil) // the tenant is there
	free, err := c.Fill(3 * megabyte)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { w.write(stop) })
	}
	all.Go(func() { w.read(stop) })
	await(t, func() bool { return w.refused.Load() >= 50 })
	reads := w.reads.Load()
	if w.crashes {
		await(t, func() bool {
			writeLog(t, c)
			return c.Logged("PANIC") != ""
		})
	} else {
		await(t, func() bool { return w.reads.Load() > reads+20 })
	}
	if err := free(); err != nil {
		t.Fatal(err)
	}
	begin, taken := time.Now(), w.taken.Load()
	if c.Ended() {
		t.Log("PostgreSQL ended, and is started again")
		if err := c.Restart(t.Context(), pgtest.Immediate); err != nil {
			t.Fatal(err)
		}
	}
	await(t, func() bool {
		if c.Ended() {
			t.Fatal("PostgreSQL ended although there is room")
		}
		return w.taken.Load() > taken+50
	})
	t.Logf("%d writes were refused; 50 were taken within %v of there being room; %d reads", w.refused.Load(), time.Since(begin), w.reads.Load())
	close(stop)
	all.Wait()
	w.check()
}

// writeLog writes a megabyte of log and nothing else: where the tables fill up first, changes
// write none any more. The database may be away already.
func writeLog(t *testing.T, c *pgtest.Cluster) {
	conn, err := pgx.Connect(t.Context(), c.DSN("postgres"))
	if err != nil {
		return
	}
	_, _ = conn.Exec(t.Context(), "SELECT pg_logical_emit_message(false, 'room', repeat('x', 1000000))")
	_ = conn.Close(t.Context())
}

// writers make groups and keep what was acknowledged.
type writers struct {
	t       *testing.T
	s       *Server
	tenant  string
	crashes bool // the database may be away

	taken, refused, reads atomic.Int64
	mu                    sync.Mutex
	made                  []string // ids
}

// write makes groups until it is stopped, or one.
func (w *writers) write(stop chan struct{}) {
	rng := rand.New(rand.NewPCG(rand.Uint64(), 1))
	last := ""
	noise := make([]byte, 700) // which cannot be made smaller
	for n := 0; ; n++ {
		for i := range noise {
			noise[i] = byte(rng.Uint32())
		}
		group := map[string]any{
			"displayName": fmt.Sprint("group ", n), "mailEnabled": false, "mailNickname": "g", "securityEnabled": true,
			"description": base64.StdEncoding.EncodeToString(noise),
		}
		if last != "" && w.crashes && n%4 > 0 { // which fills the log although the tables are full
			r, err := w.s.CallAt(w.tenant, "app", http.MethodPatch, "/v1.0/groups/"+last, map[string]any{"description": group["description"]})
			if err != nil || r.Status != http.StatusNoContent && r.Status != http.StatusServiceUnavailable {
				w.t.Errorf("%v %d %s", err, r.Status, clip(string(r.Body)))
			}
		}
		r, err := w.s.CallAt(w.tenant, "app", http.MethodPost, "/v1.0/groups", group)
		switch {
		case err != nil:
			w.t.Error(err)
		case r.Status == http.StatusCreated:
			last = r.Value("id")
			w.taken.Add(1)
			w.mu.Lock()
			w.made = append(w.made, r.Value("id"))
			w.mu.Unlock()
		case r.Status == http.StatusServiceUnavailable && r.Header.Get("Retry-After") != "" && r.Value("error/code") == "ServiceUnavailable":
			w.refused.Add(1)
		default:
			w.t.Errorf("%d %v %s", r.Status, r.Header, clip(string(r.Body)))
		}
		select {
		case <-stop:
			return
		default:
			if stop == nil || w.t.Failed() {
				return
			}
		}
	}
}

// read reads groups until it is stopped.
func (w *writers) read(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		r, err := w.s.CallAt(w.tenant, "app", http.MethodGet, "/v1.0/groups?$top=5", nil)
		switch {
		case err == nil && r.Status == http.StatusOK:
			w.reads.Add(1)
		case err == nil && r.Status == http.StatusServiceUnavailable && w.crashes:
		default:
			w.t.Errorf("a read: %v %d %s", err, r.Status, clip(string(r.Body)))
			return
		}
	}
}

// check looks for all that was acknowledged.
func (w *writers) check() {
	there := map[string]bool{}
	next := "/v1.0/groups?$top=999&$select=id"
	for next != "" {
		a, err := (&runner{server: w.s, tenant: w.tenant, who: "app"}).call("get", next, nil)
		if err != nil || a.status != http.StatusOK {
			w.t.Fatalf("%v %d %s", err, a.status, clip(string(a.body)))
		}
		list, _ := at(a.json, "value")
		for _, g := range list.([]any) {
			id, _ := at(g, "id")
			there[text(id)] = true
		}
		link, _ := at(a.json, "@odata.nextLink")
		next, _ = link.(string)
	}
	for _, id := range w.made {
		if !there[id] {
			w.t.Errorf("the group %s was acknowledged and is gone", id)
		}
	}
}
