package testenv

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Root is the path below which the API of entitlement management is served.
const Root = "/v1.0/identityGovernance/entitlementManagement"

// answer is what a call was answered.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   any
}

// call makes one call as who is acting.
func (r *runner) call(method, path string, body []byte) (answer, error) {
	if !strings.HasPrefix(path, "/v1.0/") && !strings.HasPrefix(path, "/beta/") && !strings.HasPrefix(path, "/dev/") &&
		!strings.HasPrefix(path, "/.well-known/") && !strings.HasPrefix(path, "http") {
		path = Root + path
	}
	if !strings.HasPrefix(path, "http") {
		path = r.server.URL + path
	}
	if head, query, ok := strings.Cut(path, "?"); ok {
		path = head + "?" + strings.ReplaceAll(query, " ", "%20")
	}
	req, err := http.NewRequest(strings.ToUpper(method), path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Host = r.server.Host
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.who != "nobody" {
		token, err := r.server.Token(r.tenant, r.who)
		if err != nil {
			return answer{}, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range r.headers {
		req.Header.Set(k, v)
		if k == "Host" {
			req.Host = v
		}
	}
	r.headers = nil
	return do(req)
}

// do sends a request and reads the whole answer.
func do(req *http.Request) (answer, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		return a, err
	}
	if len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &a.json); err != nil {
			return a, fmt.Errorf("the answer is no JSON: %w: %q", err, clip(string(a.body)))
		}
	}
	return a, nil
}

// httpCommand is "post PATH FILE" and its like.
func (r *runner) httpCommand(method string, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("%s needs a path", method)
	}
	// The last word is a file if there is one of that name; the path may hold spaces.
	var body []byte
	if file, ok := r.files[words[len(words)-1]]; ok && len(words) > 1 {
		text, err := r.expand(file)
		if err != nil {
			return err
		}
		body, words = []byte(text), words[:len(words)-1]
	}
	var err error
	if r.last, err = r.call(method, strings.Join(words, " "), body); err != nil {
		return err
	}
	if method == "get" {
		return nil
	}
	return r.settle()
}

// post posts JSON and expects a status; it keeps the answer.
func (r *runner) post(path string, body any, want int) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if r.last, err = r.call("post", path, data); err != nil {
		return err
	}
	if r.last.status != want {
		return fmt.Errorf("post %s: status %d, want %d", path, r.last.status, want)
	}
	return nil
}

// settle lets the server do all that is due in the tenant.
func (r *runner) settle() error { return r.advance("PT0S") }

func (r *runner) advance(duration string) error {
	who, last := r.who, r.last
	r.who = "app"
	defer func() { r.who, r.last = who, last }()
	return r.post("/dev/clock", map[string]string{"advance": duration}, http.StatusOK)
}

// at returns the value at a path of a decoded JSON value: "value/0/id".
func at(v any, path string) (any, bool) {
	if path == "." || path == "" {
		return v, true
	}
	for _, key := range strings.Split(path, "/") {
		switch node := v.(type) {
		case map[string]any:
			next, ok := node[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(node) {
				return nil, false
			}
			v = node[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// tokens asks for tokens: a server may be frozen.
var tokens = &http.Client{Timeout: 10 * time.Second}

// formToken asks the built-in issuer for a token.
func formToken(base, tenant string, form url.Values) (string, error) {
	resp, err := tokens.PostForm(base+"/"+tenant+"/oauth2/v2.0/token", form)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var reply struct {
		AccessToken string `json:"access_token"`
		Description string `json:"error_description"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil || reply.AccessToken == "" {
		return "", fmt.Errorf("no token: %d %s: %w", resp.StatusCode, reply.Description, errors.Join(err, errors.New("the issuer refused")))
	}
	return reply.AccessToken, nil
}
