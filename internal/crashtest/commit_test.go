package crashtest

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"testing"
	"time"

	"anteroom/internal/faultproxy"
)

// TestCutDuringCommit cuts connections to the database at the very moment of a commit: on
// its way there, so that it never was, and on the way back, so that it was and nobody knows.
// Every outcome is found out, none is guessed (P17 of the promises).
func TestCutDuringCommit(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, throughProxies(onPostgres))
	f.start()
	c := newCrowd(f, 3)
	happened := 0
	c.during(func() {
		for range times(12, 2000) {
			p := f.proxies[rand.IntN(len(f.proxies))]
			select {
			case <-cutAtCommit(p):
				happened++
			case <-time.After(hangLimit):
				t.Fatal("no commit came by")
			}
			if rand.IntN(4) == 0 {
				p.Cut() // the others as well
			}
			c.progress(1)
		}
		f.awaitReady()
	})
	c.verify()
	t.Logf("%d commits were cut off", happened)
}

// preparedCommit is the name under which the driver prepares the statement COMMIT: what goes
// to the server when it commits.
var preparedCommit = func() string {
	sum := sha256.Sum256([]byte("COMMIT"))
	return "stmtcache_" + hex.EncodeToString(sum[:24])
}()

// cutAtCommit cuts a connection at the next commit, one way or the other.
func cutAtCommit(p *faultproxy.Proxy) <-chan struct{} {
	if rand.IntN(2) == 0 {
		return p.CutAt(faultproxy.ToServer, preparedCommit)
	}
	return p.CutAt(faultproxy.ToClient, "COMMIT\x00")
}
