package entitlement

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// limit is one value at the edge of what is allowed, or just over it.
type limit struct {
	name   string
	err    error
	target string // of the refusal; empty where the value is allowed
	code   Code   // InvalidModel where empty
}

func checkLimits(t *testing.T, limits []limit) {
	t.Helper()
	for _, l := range limits {
		if l.target == "" {
			if l.err != nil {
				t.Errorf("%s: refused: %v", l.name, l.err)
			}
			continue
		}
		code := l.code
		if code == "" {
			code = CodeInvalidModel
		}
		var refusal *Error
		if !errors.As(l.err, &refusal) || refusal.Target != l.target || refusal.Code != code || refusal.Message == "" {
			t.Errorf("%s: error %v (%#v), want code %s with target %q", l.name, l.err, refusal, code, l.target)
		}
	}
}

func text(n int) *string { s := strings.Repeat("é", n); return &s }

func number(n int) *int { return &n }

var (
	nul   = "a\x00b"
	empty = ""
)

func TestCatalogLimits(t *testing.T) {
	check := func(name string, description *string) error {
		return (&Catalog{DisplayName: name, Description: description}).Validate()
	}
	checkLimits(t, []limit{
		{"one character", check("x", nil), "", ""},
		{"the longest name", check(*text(256), nil), "", ""},
		{"a name too long", check(*text(257), nil), "displayName", ""},
		{"no name", check("", nil), "displayName", ""},
		{"a blank name", check(" \t ", nil), "displayName", ""},
		{"a name of more than one line", check("a\nb", nil), "displayName", ""},
		{"a name with DEL", check("a\x7f", nil), "displayName", ""},
		{"the longest description", check("x", text(4000)), "", ""},
		{"a description too long", check("x", text(4001)), "description", ""},
		{"a description of two lines", check("x", ptr("a\nb")), "", ""},
		{"an empty description", check("x", &empty), "", ""},
		{"a description with NUL", check("x", &nul), "description", ""},
	})
}

func ptr[T any](v T) *T { return &v }

func TestPackageLimits(t *testing.T) {
	checkLimits(t, []limit{
		{"a package", (&Package{DisplayName: "x", CatalogID: "c"}).Validate(), "", ""},
		{"no catalog", (&Package{DisplayName: "x"}).Validate(), "catalog", ""},
		{"no name", (&Package{CatalogID: "c"}).Validate(), "displayName", ""},
		{"a description too long", (&Package{DisplayName: "x", CatalogID: "c", Description: text(4001)}).Validate(), "description", ""},
	})
}

func TestDirectoryLimits(t *testing.T) {
	user := func(change func(*User)) error {
		u := &User{DisplayName: "x", UserPrincipalName: "x@example.org", Type: UserMember}
		change(u)
		return u.Validate()
	}
	group := func(change func(*Group)) error {
		g := &Group{DisplayName: "x"}
		change(g)
		return g.Validate()
	}
	checkLimits(t, []limit{
		{"a user", user(func(*User) {}), "", ""},
		{"a guest", user(func(u *User) { u.Type = UserGuest }), "", ""},
		{"no type", user(func(u *User) { u.Type = "" }), "userType", ""},
		{"a type of another spelling", user(func(u *User) { u.Type = "member" }), "userType", ""},
		{"no name", user(func(u *User) { u.DisplayName = "" }), "displayName", ""},
		{"no principal name", user(func(u *User) { u.UserPrincipalName = "" }), "userPrincipalName", ""},
		{"the longest principal name", user(func(u *User) { u.UserPrincipalName = *text(256) }), "", ""},
		{"a principal name too long", user(func(u *User) { u.UserPrincipalName = *text(257) }), "userPrincipalName", ""},
		{"a principal name with NUL", user(func(u *User) { u.UserPrincipalName = nul }), "userPrincipalName", ""},
		{"mail with NUL", user(func(u *User) { u.Mail = &nul }), "mail", ""},
		{"a nickname too long", user(func(u *User) { u.MailNickname = text(4001) }), "mailNickname", ""},
		{"a group", group(func(*Group) {}), "", ""},
		{"a group without a name", group(func(g *Group) { g.DisplayName = " " }), "displayName", ""},
		{"a group's description too long", group(func(g *Group) { g.Description = text(4001) }), "description", ""},
		{"a group's mail with NUL", group(func(g *Group) { g.Mail = &nul }), "mail", ""},
		{"a group's nickname with NUL", group(func(g *Group) { g.MailNickname = &nul }), "mailNickname", ""},
		{"a group's type with NUL", group(func(g *Group) { g.GroupTypes = []string{nul} }), "groupTypes", ""},
	})
}

func TestExtensionLimits(t *testing.T) {
	with := func(change func(*Extension)) error {
		x := &Extension{Kind: RequestExtension, DisplayName: "x", Endpoint: Endpoint{Kind: HTTPRequestEndpoint, URL: "https://example.org/a"}}
		change(x)
		return x.Validate()
	}
	client := func(ms, retries *int) error {
		return with(func(x *Extension) { x.Client = &ClientConfig{TimeoutInMilliseconds: ms, MaximumRetries: retries} })
	}
	wait := func(d time.Duration) error { return with(func(x *Extension) { x.CallbackTimeout = d }) }
	const ms, retries, timeout = "clientConfiguration/timeoutInMilliseconds", "clientConfiguration/maximumRetries", "callbackConfiguration/timeoutDuration"
	checkLimits(t, []limit{
		{"an extension", with(func(*Extension) {}), "", ""},
		{"no name", with(func(x *Extension) { x.DisplayName = "" }), "displayName", ""},
		{"a description too long", with(func(x *Extension) { x.Description = text(4001) }), "description", ""},
		{"defaults of the client", client(nil, nil), "", ""},
		{"the shortest timeout", client(number(200), nil), "", ""},
		{"a timeout too short", client(number(199), nil), ms, ""},
		{"the longest timeout", client(number(2000), nil), "", ""},
		{"a timeout too long", client(number(2001), nil), ms, ""},
		{"a negative timeout", client(number(-1), nil), ms, ""},
		{"no retries", client(nil, number(0)), "", ""},
		{"the most retries", client(nil, number(1)), "", ""},
		{"too many retries", client(nil, number(2)), retries, ""},
		{"negative retries", client(nil, number(-1)), retries, ""},
		{"launch and continue", wait(0), "", ""},
		{"the shortest wait", wait(5 * time.Minute), "", ""},
		{"a wait too short", wait(5*time.Minute - 1), timeout, ""},
		{"the longest wait", wait(14 * day), "", ""},
		{"a wait too long", wait(14*day + 1), timeout, ""},
		{"a negative wait", wait(-time.Hour), timeout, ""},
		{"a wait before expiry", with(func(x *Extension) { x.Kind, x.CallbackTimeout = AssignmentExtension, time.Hour }), "callbackConfiguration", ""},
		{"no wait before expiry", with(func(x *Extension) { x.Kind = AssignmentExtension }), "", ""},
	})
}

func TestEndpointLimits(t *testing.T) {
	at := func(url string) error { return (&Endpoint{Kind: HTTPRequestEndpoint, URL: url}).validate() }
	named := func(name string) error {
		return (&Endpoint{Kind: LogicAppTrigger, URL: "https://example.org", LogicAppWorkflowName: name}).validate()
	}
	long := "https://example.org/" + strings.Repeat("a", MaxURL-20)
	const target = "endpointConfiguration/targetUrl"
	checkLimits(t, []limit{
		{"https", at("https://example.org/a?b=c"), "", ""},
		{"http", at("http://127.0.0.1:8081/a"), "", ""},
		{"an IPv6 host", at("https://[::1]:1/"), "", ""},
		{"the longest", at(long), "", ""},
		{"too long", at(long + "a"), target, ""},
		{"none", at(""), target, ""},
		{"no address of a Logic App", (&Endpoint{Kind: LogicAppTrigger}).validate(), "endpointConfiguration/url", ""},
		{"another scheme", at("file:///etc/passwd"), target, ""},
		{"no scheme", at("example.org/a"), target, ""},
		{"no host", at("https:///a"), target, ""},
		{"only a port", at("https://:443/a"), target, ""},
		{"opaque", at("https:example.org"), target, ""},
		{"a password", at("https://a:b@example.org/"), target, ""},
		{"an empty user", at("https://@example.org/"), target, ""},
		{"a fragment", at("https://example.org/#a"), target, ""},
		{"a space", at("https://example.org/a b"), target, ""},
		{"a backslash", at("https://example.org\\@evil.example/"), target, ""},
		{"a line break", at("https://example.org/\r\nX: y"), target, ""},
		{"broken", at("https://[::1/"), target, ""},
		{"the longest name", named(*text(256)), "", ""},
		{"a name too long", named(*text(257)), "endpointConfiguration", ""},
		{"a name with a line break", named("a\nb"), "endpointConfiguration", ""},
	})
}

func TestExtensionDefaultsAreTheDocumentedOnes(t *testing.T) {
	for _, x := range []*Extension{{}, {Client: &ClientConfig{}}} {
		if x.Timeout() != time.Second || x.Retries() != 0 || x.Waits() {
			t.Errorf("defaults are %v, %d, %v", x.Timeout(), x.Retries(), x.Waits())
		}
	}
	x := &Extension{Client: &ClientConfig{TimeoutInMilliseconds: number(200), MaximumRetries: number(1)}, CallbackTimeout: time.Hour}
	if x.Timeout() != 200*time.Millisecond || x.Retries() != 1 || !x.Waits() {
		t.Errorf("settings are %v, %d, %v", x.Timeout(), x.Retries(), x.Waits())
	}
}

func TestPolicyLimits(t *testing.T) {
	with := func(change func(*Policy)) error {
		p := &Policy{DisplayName: "x", PackageID: "p", AllowedTargetScope: ScopeNotSpecified}
		change(p)
		return p.Validate()
	}
	targets := func(n int) []SubjectSet {
		sets := make([]SubjectSet, n)
		for i := range sets {
			sets[i] = SubjectSet{Kind: SingleUser, ID: "somebody"}
		}
		return sets
	}
	specific := func(sets []SubjectSet) error {
		return with(func(p *Policy) { p.AllowedTargetScope, p.SpecificAllowedTargets = ScopeSpecificDirectoryUsers, sets })
	}
	limits := []limit{
		{"no name", with(func(p *Policy) { p.DisplayName = "" }), "displayName", ""},
		{"a description too long", with(func(p *Policy) { p.Description = text(4001) }), "description", ""},
		{"no package", with(func(p *Policy) { p.PackageID = "" }), "accessPackage", ""},
		{"no scope", with(func(p *Policy) { p.AllowedTargetScope = "" }), "allowedTargetScope", ""},
		{"one target", specific(targets(1)), "", ""},
		{"the most targets", specific(targets(500)), "", ""},
		{"too many targets", specific(targets(501)), "specificAllowedTargets", ""},
		{"no targets", specific(nil), "specificAllowedTargets", ""},
		{"a target's description with NUL", specific([]SubjectSet{{Kind: SingleUser, ID: "x", Description: &nul}}), "specificAllowedTargets[0]", ""},
		{"targets of another scope", with(func(p *Policy) { p.SpecificAllowedTargets = targets(1) }), "specificAllowedTargets", ""},
		{"the most stage settings", with(func(p *Policy) { p.StageSettings = make([]StageSetting, 20) }), "", ""},
		{"too many stage settings", with(func(p *Policy) { p.StageSettings = make([]StageSetting, 21) }), "customExtensionStageSettings", ""},
	}
	for _, scope := range append([]TargetScope{"nonsense"}, TargetScopes...) {
		l := limit{name: "scope " + string(scope), err: with(func(p *Policy) { p.AllowedTargetScope = scope })}
		switch {
		case targetKinds[scope] != nil:
			l.target = "specificAllowedTargets"
		case scope == "nonsense":
			l.target = "allowedTargetScope"
		}
		limits = append(limits, l)
	}
	checkLimits(t, limits)
}

func TestJustificationLimits(t *testing.T) {
	checkLimits(t, []limit{
		{"none", CheckJustification(nil), "", ""},
		{"the longest", CheckJustification(text(4000)), "", ""},
		{"too long", CheckJustification(text(4001)), "justification", ""},
		{"with NUL", CheckJustification(&nul), "justification", ""},
	})
}
