package auth

import (
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"anteroom/internal/entitlement"
)

var guid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// looksLikePerson says whether a token without scopes may be about a person.
func looksLikePerson(c map[string]any) bool {
	if c["idtyp"] != nil && c["idtyp"] != "" {
		return true
	}
	for name := range c {
		if slices.Contains([]string{"scope", "nonce", "at_hash", "c_hash", "amr", "auth_time", "preferred_username", "upn", "unique_name", "email", "given_name", "family_name"}, name) {
			return true
		}
	}
	sub, _ := c["sub"].(string)
	known := sub == "" || c["oid"] == nil
	for _, name := range []string{"oid", "azp", "appid", "client_id"} {
		own, _ := c[name].(string)
		known = known || strings.EqualFold(own, sub)
	}
	return !known
}

// oracle says whether a token of these claims is to be accepted, and as whose: the
// rules once more, written from the specification and not from the code. The issuer
// speaks for contoso only.
func oracle(c map[string]any, iss string, now time.Time) (accept, user bool) {
	text := func(name string) bool { _, ok := c[name].(string); return ok }
	has := func(name string) bool { _, ok := c[name]; return ok }
	for _, name := range []string{"sub", "oid", "tid", "scp", "idtyp", "azp", "appid", "client_id", "name", "upn", "preferred_username"} {
		if has(name) && !text(name) {
			return false, false
		}
	}
	auds := []any{c["aud"]}
	if list, ok := c["aud"].([]any); ok {
		auds = list
	}
	for _, a := range auds {
		if _, ok := a.(string); !ok {
			return false, false
		}
	}
	exp, ok := c["exp"].(float64)
	t := float64(now.Unix())
	if !ok || exp <= t || exp > 253402300799 || c["iss"] != any(iss) || !slices.Contains(auds, any(api)) {
		return false, false
	}
	for _, name := range []string{"nbf", "iat"} {
		if v, ok := c[name].(float64); has(name) && (!ok || v < 0 || v > t+300) {
			return false, false
		}
	}
	if has("tid") && !strings.EqualFold(c["tid"].(string), string(contoso)) {
		return false, false
	}
	id, _ := c["sub"].(string)
	if has("oid") {
		id = c["oid"].(string)
	}
	if !guid.MatchString(id) {
		return false, false
	}
	if has("scp") {
		return strings.Trim(c["scp"].(string), " ") != "" && c["idtyp"] != "app", true
	}
	roles, _ := c["roles"].([]any)
	for _, r := range roles {
		if _, ok := r.(string); !ok {
			return false, false
		}
	}
	return len(roles) > 0 && (c["idtyp"] == "app" || !looksLikePerson(c)), false
}

// flips are the values that each claim is given.
func flips(iss string) map[string][]any {
	words := []any{nil, "absent", 7, true, map[string]any{}, []any{}, []any{"x"}, []any{1}, "", "wrong", " "}
	times := []any{nil, "absent", "1772366400", true, []any{1772366400}, 0, -1, 1e300, start.Unix(), start.Unix() + 1,
		start.Add(5 * time.Minute).Unix(), start.Add(5*time.Minute).Unix() + 1, start.Unix() - 1e6, 253402300800.0}
	return map[string][]any{
		"iss":                append(words, iss, iss+"/", strings.ToUpper(iss), []any{iss}),
		"aud":                append(words, api, []any{api}, []any{"x", api}, []any{api, 1}, "API://anteroom", api+"/"),
		"tid":                append(words, string(contoso), strings.ToUpper(string(contoso)), string(fabrikam), string(PersonalTenant), []any{string(contoso)}),
		"oid":                append(words, string(alice), strings.ToUpper(string(alice)), []any{string(alice)}, "{"+string(alice)+"}"),
		"sub":                append(words, string(alice), []any{string(alice)}),
		"scp":                append(words, "EntitlementManagement.ReadWrite.All", []any{"EntitlementManagement.ReadWrite.All"}),
		"roles":              append(words, []any{"EntitlementManagement.ReadWrite.All"}, "EntitlementManagement.ReadWrite.All", []any{"a", nil}),
		"idtyp":              append(words, "app", "user", []any{"app"}),
		"exp":                times,
		"nbf":                times,
		"iat":                times,
		"azp":                words,
		"appid":              words,
		"client_id":          words,
		"name":               words,
		"upn":                words,
		"preferred_username": words,
	}
}

// TestClaimsAgainstOracle flips each claim over alone, and several thousand pairs and
// triples of them, of a person's and of an application's token.
func TestClaimsAgainstOracle(t *testing.T) {
	s := newTestIssuer(t)
	c := new(clock)
	v := s.verifier(t, c)
	all := flips(s.URL)
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	random := rand.New(rand.NewPCG(1, 2))
	accepted := 0
	check := func(base map[string]any, changes map[string]any) {
		t.Helper()
		payload := changed(t, base, changes)
		want, wantUser := oracle(payload, s.URL, c.now())
		got, err := v.Verify(t.Context(), sign(t, payload, nil))
		switch {
		case err == nil != want:
			t.Fatalf("%v: error %v, the oracle accepts: %v", changes, err, want)
		case err != nil:
			wantRefusal(t, err, "")
			return
		case got.User != wantUser || got.Administrator && !wantUser || got.Tenant != contoso:
			t.Fatalf("%v: actor %+v", changes, got)
		}
		accepted++
		for _, p := range got.Permissions {
			source := payload["roles"]
			if wantUser {
				source = payload["scp"]
			}
			text, err := json.Marshal(source)
			if err != nil || !strings.Contains(string(text), p) {
				t.Fatalf("%v: permission %q is not in %s", changes, p, text)
			}
		}
	}
	for _, base := range []map[string]any{s.userClaims(), s.appClaims()} {
		for _, name := range names {
			for _, value := range all[name] {
				check(base, map[string]any{name: value})
			}
		}
		for range 2500 {
			changes := map[string]any{}
			for range 2 + random.IntN(2) {
				name := names[random.IntN(len(names))]
				changes[name] = all[name][random.IntN(len(all[name]))]
			}
			check(base, changes)
		}
	}
	if accepted < 200 {
		t.Errorf("only %d tokens were accepted: the test says little", accepted)
	}
	if n := s.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

// changed applies changes ("absent" takes a claim away, nil is null) and returns the
// claims as they are after JSON.
func changed(t *testing.T, base, changes map[string]any) map[string]any {
	t.Helper()
	out := with(base, nil)
	for name, value := range changes {
		if out[name] = value; value == "absent" {
			delete(out, name)
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(data, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

// FuzzParseToken: whatever the bytes, there is no panic, and a refusal is one.
func FuzzParseToken(f *testing.F) {
	s := &testIssuer{Server: &httptest.Server{URL: "https://login.example"}} // asked for nothing
	known := &trusted{url: s.URL, algorithms: Algorithms, keys: localKeys{{id: "ec", alg: "ES256", public: ecKey().Public()}},
		tenants: map[entitlement.TenantID]tenant{contoso: newTenant([]string{api}, nil)}}
	v := &Verifier{now: new(clock).now, issuer: func(iss string) (*trusted, bool) { return known, iss == s.URL }}
	f.Add(sign(f, s.userClaims(), nil))
	f.Add(sign(f, s.appClaims(), nil))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("...")
	f.Fuzz(func(t *testing.T, token string) {
		if _, c, err := parseToken(token); err == nil {
			for name := range c {
				c.text(name)
				c.list(name)
				c.textOrList(name)
				c.time(name)
			}
		}
		v.cache = newCache(2)
		a, err := v.Verify(t.Context(), token)
		if err != nil {
			wantRefusal(t, err, "")
		} else if a.Tenant != contoso || a.ObjectID != alice {
			t.Errorf("accepted: %q as %+v", token, a)
		}
	})
}

// FuzzClaims: claims are read the same way as the oracle reads them.
func FuzzClaims(f *testing.F) {
	const iss = "https://login.example"
	trusted := &trusted{url: iss, tenants: map[entitlement.TenantID]tenant{contoso: newTenant([]string{api}, nil)}}
	f.Add([]byte(`{"iss":"https://login.example","aud":"api://anteroom","exp":1772370000,"oid":"` + string(alice) + `","scp":"x"}`))
	f.Add([]byte(`{"iss":"https://login.example","aud":["api://anteroom"],"exp":1772370000.5,"sub":"` + string(alice) + `","roles":["x"]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := parseClaims(payload)
		if err != nil {
			return
		}
		var decoded map[string]any
		if err := json.Unmarshal(payload, &decoded); err != nil {
			return // a number too large for float64
		}
		_, _, err = trusted.actor(c, start)
		if want, _ := oracle(decoded, iss, start); want && err != nil || !want && err == nil {
			// Fractions of a second and other blanks than a space are cut off here only.
			if strings.ContainsAny(string(payload), `.eE\`) {
				return
			}
			t.Errorf("%s: error %v, the oracle accepts: %v", payload, err, want)
		}
	})
}
