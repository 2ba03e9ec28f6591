package notice

import (
	"bytes"
	"net/mail"
	"os"
	"path/filepath"
	"testing"
	"time"

	"anteroom/internal/config"
	"anteroom/internal/entitlement"
)

const tenant entitlement.TenantID = "0d1f7c2a-5b3e-4f60-8a91-b2c3d4e5f607"

var (
	seed = bytes.Repeat([]byte{7}, 32)
	at   = time.Date(2026, 3, 1, 10, 0, 0, 123456000, time.UTC)
	ada  = subject("a1", "Ada", "ada@example.org")
	bo   = subject("b0", "Bo Å", "bo@example.org")
	cy   = subject("c1", "Cy", "cy@example.org")
)

func subject(id, name, email string) entitlement.Subject {
	return entitlement.Subject{
		ObjectID: entitlement.ID("00000000-0000-4000-8000-0000000000" + id), Type: entitlement.SubjectUser,
		DisplayName: name, PrincipalName: email, Email: email,
	}
}

// notice asks approvers about a request that Cy makes.
func notice(to ...entitlement.Subject) entitlement.Notice {
	return entitlement.Notice{
		ID: "5f8a2c1e-7b64-8d90-a3f1-000000000001", Kind: entitlement.NoticeApprovalRequested, At: at,
		RequestID: "5f8a2c1e-7b64-8d90-a3f1-000000000002", PackageID: "5f8a2c1e-7b64-8d90-a3f1-000000000003",
		PackageName: "Sales", PolicyID: "5f8a2c1e-7b64-8d90-a3f1-000000000004",
		Requestor: cy, Target: cy, To: to, Due: at.Add(14 * 24 * time.Hour), Detail: "I need it.",
	}
}

// mailSink is a sink to the server; change may be nil.
func mailSink(t *testing.T, s *mailServer, tlsMode string, change func(*config.SMTP, *Options)) Sink {
	t.Helper()
	c := config.SMTP{Server: s.address, TLS: tlsMode, From: mail.Address{Name: "Access", Address: "access@example.org"}}
	o := Options{RootCAs: s.roots}
	if change != nil {
		change(&c, &o)
	}
	sinks, err := New(config.Notices{SMTP: &c}, o)
	if err != nil {
		t.Fatal(err)
	}
	return sinks.all[0]
}

func passwordFile(t *testing.T, password string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
