package odata

import (
	"bytes"
	"encoding/base64"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"anteroom/internal/query"
)

var (
	testKey  = TokenKey(bytes.Repeat([]byte{7}, 32))
	otherKey = TokenKey(bytes.Repeat([]byte{8}, 32))
)

func TestTokenHoldsEveryValue(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 123456789, time.UTC)
	for _, want := range []query.Cursor{
		{},
		{ID: guid},
		{ID: guid, Keys: []query.Value{nil}},
		{ID: guid, Keys: []query.Value{"", "it's\x00日本", true, false}},
		{ID: guid, Keys: []query.Value{int64(0), int64(math.MinInt64), int64(math.MaxInt64)}},
		{ID: guid, Keys: []query.Value{at, time.Time{}, time.Unix(-1, 999999999).UTC()}},
	} {
		token, err := SealToken(testKey, "here", want)
		if err != nil {
			t.Errorf("%+v: %v", want, err)
			continue
		}
		got, err := OpenToken(testKey, "here", token)
		if err != nil {
			t.Errorf("%+v: %v", want, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if escaped := NextLink("", "", token); escaped != "?$skiptoken="+token {
			t.Errorf("the token %s needs encoding", token)
		}
	}
}

func TestTokensFromElsewhereAreRefused(t *testing.T) {
	seal := func(key TokenKey, binding string) string {
		token, err := SealToken(key, binding, query.Cursor{ID: guid, Keys: []query.Value{"x"}})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := seal(testKey, "here")
	for name, token := range map[string]string{
		"none":                    "",
		"no base64":               "?",
		"too short":               "AAAA",
		"too long":                strings.Repeat("A", MaxTokenBytes+1),
		"another key":             seal(otherKey, "here"),
		"another place":           seal(testKey, "there"),
		"a longer place":          seal(testKey, "here\x01"),
		"cut off":                 good[:len(good)-4],
		"with something behind":   good + "AAAA",
		"with padding":            good + "=",
		"with a line break in it": good[:8] + "\n" + good[8:],
		"a signature of nothing":  base64.RawURLEncoding.EncodeToString(tokenMAC(testKey, "here", nil)),
		"signed rubbish":          base64.RawURLEncoding.EncodeToString(append([]byte{1, 200}, tokenMAC(testKey, "here", []byte{1, 200})...)),
	} {
		_, err := OpenToken(testKey, "here", token)
		if err == nil {
			t.Errorf("%s: it was taken", name)
			continue
		}
		checkError(t, name, err, "$skiptoken", 0, badToken)
	}
	if _, err := OpenToken(nil, "here", good); err == nil {
		t.Error("it was taken without a key")
	}
}

func TestEveryBitOfATokenCounts(t *testing.T) {
	good, err := SealToken(testKey, "here", query.Cursor{ID: "id", Keys: []query.Value{int64(5)}})
	if err != nil {
		t.Fatal(err)
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range good {
		for _, c := range []byte(alphabet) {
			if bad := good[:i] + string(c) + good[i+1:]; bad != good {
				if _, err := OpenToken(testKey, "here", bad); err == nil {
					t.Fatalf("%s was taken for %s", bad, good)
				}
			}
		}
	}
}

func TestSealTokenRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		key TokenKey
		v   query.Value
	}{
		"a short key":     {testKey[:15], nil},
		"an unknown type": {testKey, 5},
		"too much text":   {testKey, strings.Repeat("x", MaxTokenBytes)},
	} {
		if token, err := SealToken(tc.key, "", query.Cursor{Keys: []query.Value{tc.v}}); err == nil {
			t.Errorf("%s: got the token %s", name, token)
		}
	}
}

func TestTokensRoundTrip(t *testing.T) {
	value := rapid.OneOf(
		rapid.Just[query.Value](nil),
		rapid.Map(rapid.Bool(), func(v bool) query.Value { return v }),
		rapid.Map(rapid.Int64(), func(v int64) query.Value { return v }),
		rapid.Map(rapid.StringN(0, 20, 80), func(v string) query.Value { return v }),
		rapid.Map(rapid.Int64(), func(v int64) query.Value { return time.UnixMicro(v).UTC() }),
	)
	rapid.Check(t, func(t *rapid.T) {
		want := query.Cursor{
			ID:   rapid.StringN(0, 36, 80).Draw(t, "id"),
			Keys: rapid.SliceOfN(value, 1, 5).Draw(t, "keys"),
		}
		binding := rapid.String().Draw(t, "binding")
		token, err := SealToken(testKey, binding, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := OpenToken(testKey, binding, token)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// FuzzToken reads tokens that nobody sealed, and payloads with a right signature.
func FuzzToken(f *testing.F) {
	token, err := SealToken(testKey, "here", query.Cursor{ID: guid, Keys: []query.Value{nil, "x", true, int64(5), time.Unix(0, 0)}})
	if err != nil {
		f.Fatal(err)
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(token))
	f.Add(b[:len(b)-tokenMACSize])
	f.Add([]byte{1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := OpenToken(testKey, "there", string(b)); err == nil {
			t.Errorf("%q was taken", b)
		}
		signed := base64.RawURLEncoding.EncodeToString(append(bytes.Clone(b), tokenMAC(testKey, "here", b)...))
		c, err := OpenToken(testKey, "here", signed)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if _, err := SealToken(testKey, "here", c); err != nil {
			t.Errorf("%x holds %+v: %v", b, c, err)
		}
	})
}
