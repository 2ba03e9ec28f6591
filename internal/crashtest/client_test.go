package crashtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"anteroom/internal/testenv"
)

// answerWithin is how long a client waits for an answer, which a server that is frozen, or
// cut off from its database, may never give.
const answerWithin = 2 * time.Second

// client makes calls at one of several servers and keeps them in a history.
type client struct {
	http    *http.Client
	history *history
	servers []*testenv.Server
	// pick says which server is asked next; by default any.
	pick func() *testenv.Server
}

func newClient(servers []*testenv.Server) *client {
	c := &client{servers: servers, history: newHistory(), http: &http.Client{
		Timeout:   answerWithin,
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext},
	}}
	c.pick = func() *testenv.Server { return c.servers[rand.IntN(len(c.servers))] }
	return c
}

// answer is what the clients read of any answer.
type answer struct {
	ID        string
	State     string
	Instances []struct{ ID, Stage string } `json:"customExtensionCalloutInstances"`
	Value     json.RawMessage
	Next      string `json:"@odata.nextLink"`
	Error     struct{ Code string }
}

// do makes the call and adds it to the history. k says what it is, body may be nil.
func (c *client) do(k call, who, method, path string, body any) (call, answer) {
	var read answer
	k.start = c.history.now()
	status, data, err := c.send(&k, who, method, path, body)
	k.end, k.status = c.history.now(), status
	switch {
	case err != nil:
		k.status, k.text = 0, err.Error()
	case k.did():
		if len(data) > 0 {
			err = json.Unmarshal(data, &read)
		}
		k.state = read.State
		if k.kind == opCreate {
			k.request = read.ID
		}
	default:
		_ = json.Unmarshal(data, &read) // the text shows what it was
		k.code, k.text = read.Error.Code, string(data)
	}
	if err != nil {
		k.text = err.Error()
	}
	c.history.add(k)
	return k, read
}

// send sends the call. A server that was started again does not know its tokens any more,
// and refuses them before it looks at anything else.
func (c *client) send(k *call, who, method, path string, body any) (int, []byte, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
	}
	for range 3 {
		s := c.pick()
		k.at = s.URL
		status, answer, err := c.sendTo(s, k, who, method, path, data)
		if err != nil || status != http.StatusUnauthorized {
			return status, answer, err
		}
		s.ForgetTokens()
	}
	return http.StatusServiceUnavailable, nil, nil // it is being started again and again
}

func (c *client) sendTo(s *testenv.Server, k *call, who, method, path string, data []byte) (int, []byte, error) {
	token, err := s.Token(k.tenant, who)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequest(method, s.URL+path, bytes.NewReader(data))
	if err != nil {
		return 0, nil, err
	}
	req.Host = s.Host
	req.GetBody = nil // nothing is sent twice behind our back
	req.Header.Set("Authorization", "Bearer "+token)
	if data != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if k.key != "" {
		req.Header.Set("Idempotency-Key", k.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// post sends something that is no part of the history to any server.
func (c *client) post(ctx context.Context, tenant, path string, body io.Reader) error {
	s := c.pick()
	token, err := s.Token(tenant, "app")
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized:
		s.ForgetTokens()
	}
	return fmt.Errorf("%s: %s", path, resp.Status)
}
