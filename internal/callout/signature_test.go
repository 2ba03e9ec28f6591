package callout

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func testKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	key, err := KeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSignatureRoundTrip(t *testing.T) {
	key := testKey(t)
	pub := key.Public().(ed25519.PublicKey)
	other, _ := KeyFromSeed(make([]byte, 32))
	at := time.Unix(1700000000, 999999999)
	body := []byte(`{"a":1}`)
	sig := Sign(key, "msg_1", at, body)
	cases := []struct {
		name      string
		id, stamp string
		body      string
		sigs      string
		want      bool
	}{
		{"own", "msg_1", "1700000000", `{"a":1}`, sig, true},
		{"second of several", "msg_1", "1700000000", `{"a":1}`, "v1,xyz v1a,??? " + Sign(other, "msg_1", at, body) + " " + sig, true},
		{"other id", "msg_2", "1700000000", `{"a":1}`, sig, false},
		{"other time", "msg_1", "1700000001", `{"a":1}`, sig, false},
		{"other body", "msg_1", "1700000000", `{"a":2}`, sig, false},
		{"other key", "msg_1", "1700000000", `{"a":1}`, Sign(other, "msg_1", at, body), false},
		{"other scheme", "msg_1", "1700000000", `{"a":1}`, "v1," + sig[4:], false},
		{"short", "msg_1", "1700000000", `{"a":1}`, sig[:20], false},
		{"none", "msg_1", "1700000000", `{"a":1}`, "", false},
	}
	for _, c := range cases {
		if got := Verify(pub, c.id, c.stamp, []byte(c.body), c.sigs); got != c.want {
			t.Errorf("%s: Verify = %v, want %v", c.name, got, c.want)
		}
	}
	if Verify(pub[:5], "msg_1", "1700000000", body, sig) {
		t.Error("a key of 5 bytes verifies")
	}
}

// RFC 8032 section 7.1 test 2 fixes the signature of the one-byte message 0x72; ours
// signs "id.time.body", so the vector is reached through the seed and public key only.
func TestKeyFromSeed(t *testing.T) {
	seed, _ := hex.DecodeString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
	key, err := KeyFromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	want := "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
	if got := hex.EncodeToString(key.Public().(ed25519.PublicKey)); got != want {
		t.Errorf("public key %s, want %s", got, want)
	}
	for _, n := range []int{0, 31, 33, 64} {
		if _, err := KeyFromSeed(make([]byte, n)); err == nil {
			t.Errorf("a seed of %d bytes is taken", n)
		}
	}
}

// RFC 8037 appendix A.2 and A.3.
func TestJWK(t *testing.T) {
	pub, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
		"x":   "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
		"kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
	}
	if diff := cmp.Diff(want, JWK(pub)); diff != "" {
		t.Errorf("JWK (-want +got):\n%s", diff)
	}
}
