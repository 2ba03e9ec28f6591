package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeCertificate writes a certificate and its key and returns their paths.
func writeCertificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "tls.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		write(t, "tls.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheck(t *testing.T) {
	cert, key := writeCertificate(t)
	other, _ := writeCertificate(t)
	dir := t.TempDir()
	file := write(t, "x.db", nil)
	parse := func(data, cert, key string) *Config {
		t.Helper()
		text := strings.NewReplacer("anteroom.db", data, "http://localhost:8080/", "https://localhost:8080").Replace(small)
		c, err := Parse([]byte(text + "tls:\n  certFile: " + cert + "\n  keyFile: " + key + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tt := range []struct {
		name            string
		data, cert, key string
		want            string // empty: nothing is wrong
	}{
		{"new file", filepath.Join(dir, "new.db"), cert, key, ""},
		{"old file", file, cert, key, ""},
		{"no directory", filepath.Join(dir, "no", "x.db"), cert, key, "line 3: data: there is no directory"},
		{"file for a directory", filepath.Join(file, "x.db"), cert, key, "line 3: data: "},
		{"directory for a file", dir, cert, key, "line 3: data: is not a file"},
		{"no certificate", file, filepath.Join(dir, "no.crt"), key, "line 13: tls.certFile: cannot be read"},
		{"no key", file, cert, filepath.Join(dir, "no.key"), "line 14: tls.keyFile: cannot be read"},
		{"another's key", file, other, key, "line 13: tls.certFile: is no certificate of the key"},
		{"key for certificate", file, key, key, "line 13: tls.certFile: is no certificate of the key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := parse(tt.data, tt.cert, tt.key).Check()
			var problems Problems
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.want != "" && (!errors.As(err, &problems) || len(problems) != 1 || !strings.HasPrefix(problems[0].String(), tt.want)):
				t.Errorf("error %v, want one that begins with %q", err, tt.want)
			}
		})
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, error %v", left, err)
	}
}

func TestCheckUnwritable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("everything is writable to root")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "x.db")
	if err := os.WriteFile(file, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	if got := checkData(file); !strings.Contains(got, "give the file to the server's user") {
		t.Errorf("a file that is read only: %q", got)
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if got := checkData(file); !strings.Contains(got, "cannot be written to") {
		t.Errorf("a directory that is read only: %q", got)
	}
}
