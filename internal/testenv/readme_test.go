package testenv

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the folder of the repository.
const root = "../.."

// TestReadmeWalk runs the walk of the README as it is printed, against a server at another
// port, and compares what it prints.
func TestReadmeWalk(t *testing.T) {
	readme := readFile(t, filepath.Join(root, "README.md"))
	_, walk, _ := strings.Cut(readme, "In another terminal (bash):")
	script, rest := block(t, walk, "sh")
	want, _ := block(t, rest, "text")
	s := Start(t, File)
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", strings.ReplaceAll(script, "http://127.0.0.1:8080", s.URL))
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%v: %s\n%s", err, stderr.String(), got)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the walk prints something else (-README +now):\n%s", diff)
	}
}

// TestReadmeVerifier compiles the verifier of the README and lets it look at a real callout,
// as it came and with one byte changed.
func TestReadmeVerifier(t *testing.T) {
	_, section, _ := strings.Cut(readFile(t, filepath.Join(root, "README.md")), "## Receiving a callout")
	code, _ := block(t, section, "go")
	dir := t.TempDir()
	source := strings.Replace(readFile(t, "testdata/verifier.go.txt"), "// VERIFIER\n", code, 1)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "verifier")
	build := exec.Command("go", "build", "-o", binary, filepath.Join(dir, "main.go"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the verifier does not compile: %v\n%s", err, out)
	}
	s, tenant, endpoint := Start(t, Memory), NewTenant(), NewEndpoint("202")
	defer endpoint.Close()
	c := oneCallout(t, s, tenant, endpoint)
	for name, body := range map[string][]byte{"yes": c.Body, "no": bytes.Replace(c.Body, []byte("userAdd"), []byte("userAdx"), 1)} {
		cmd := exec.Command(binary, s.URL+"/.well-known/anteroom/callout-keys?tenant="+tenant,
			c.Header.Get("webhook-id"), c.Header.Get("webhook-timestamp"), c.Header.Get("webhook-signature"))
		cmd.Stdin = bytes.NewReader(body)
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != name {
			t.Errorf("the verifier says %q (%v), want %q", out, err, name)
		}
	}
}

// oneCallout makes a request whose callout goes to the endpoint, and returns it.
func oneCallout(t *testing.T, s *Server, tenant string, endpoint *Endpoint) Callout {
	t.Helper()
	p, err := s.MakePackage(tenant, "Created:P1D@"+endpoint.URL)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Call(tenant, "alice", "POST", "/assignmentRequests", map[string]any{
		"requestType": "userAdd", "assignment": map[string]string{"accessPackageId": p.ID},
	})
	if err != nil || r.Status != 201 {
		t.Fatalf("%v %d %s", err, r.Status, r.Body)
	}
	if err := s.Advance(tenant, "PT0S"); err != nil {
		t.Fatal(err)
	}
	c, err := endpoint.Take()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// block returns the next fenced block of a language in a text, and what is behind it.
func block(t *testing.T, text, language string) (inside, rest string) {
	t.Helper()
	_, text, ok := strings.Cut(text, "```"+language+"\n")
	inside, rest, ok2 := strings.Cut(text, "```\n")
	if !ok || !ok2 {
		t.Fatalf("there is no block of %s", language)
	}
	return inside, rest
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
