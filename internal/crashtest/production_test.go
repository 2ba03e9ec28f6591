package crashtest

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"anteroom/internal/auth"
	"anteroom/internal/entitlement"
	"anteroom/internal/testenv"
)

// issuer is the token issuer of servers in their production form.
type issuer struct {
	*testenv.Server
	tenants []string // of the configuration
	used    int      // how many of them somebody uses
}

// newIssuer starts an issuer that knows the people who approve.
func newIssuer(t testing.TB, tenants int) *issuer {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	url := "http://" + s.Listener.Addr().String()
	is, err := auth.NewDevIssuer(auth.DevConfig{
		BaseURL: url,
		LookupUser: func(_ context.Context, _ entitlement.TenantID, name string) (entitlement.ID, string, string, bool, error) {
			id, ok := testenv.SampleIDs[name]
			return entitlement.ID(id), name, name + "@contoso.example", ok, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Config.Handler = is
	s.Start()
	t.Cleanup(s.Close)
	i := &issuer{Server: testenv.Attach(url)}
	for range tenants {
		i.tenants = append(i.tenants, testenv.NewTenant())
	}
	return i
}

// publicHost is what clients of production servers call them.
const publicHost = "access.contoso.example"

// newProduction makes servers in their production form, which are not started. drain is how
// long one may take to end: the first third of it, while it says that it is not ready, it
// answers as before.
func newProduction(t testing.TB, n, tenants int, drain time.Duration, open func(*fleet)) *fleet {
	t.Helper()
	f := &fleet{t: t, issuer: newIssuer(t, tenants)}
	open(f)
	for i := range n {
		f.addProduction(build(t), f.dataOf(i), drain)
	}
	return f
}

func (f *fleet) addProduction(binary, data string, drain time.Duration) {
	f.t.Helper()
	p := newServer(f.t, binary, nil)
	file := filepath.Join(f.t.TempDir(), "anteroom.yaml")
	if err := os.WriteFile(file, []byte(f.configuration(p.addr, data, drain)), 0o600); err != nil {
		f.t.Fatal(err)
	}
	p.args = func() []string { return []string{"serve", "--config", file} }
	f.add(p, &testenv.Server{URL: p.url(), Host: publicHost, Issue: f.issuer.Token})
}

func (f *fleet) configuration(addr, data string, drain time.Duration) string {
	text := fmt.Sprintf("listen: %s\npublicURL: https://%s\nbehindProxy: true\ndata: %s\npostgres: {lease: %s}\n"+
		"shutdown: {drain: %s}\ncallouts: {allow: [127.0.0.0/8], allowHTTP: true}\nlog: {format: text}\ntenants:\n",
		addr, publicHost, data, lease, drain)
	for _, id := range f.issuer.tenants {
		text += fmt.Sprintf("  - id: %s\n    issuers: [{url: %[2]s/%[1]s/v2.0, audiences: [%[2]s], jwksURL: %[2]s/%[1]s/discovery/v2.0/keys}]\n", id, f.issuer.URL)
	}
	return text
}
