package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// What the development server is used with.
const (
	root   = "/v1.0/identityGovernance/entitlementManagement"
	tenant = "c0ffee00-0000-4000-8000-000000000001"
	app    = "c0ffee00-0000-4000-8000-00000000000a"
	secret = "anteroom-dev"
	admin  = "admin"
)

type object = map[string]any

// signIn gets the tokens of the administrator and of the application: nobody may resume a
// request that they made.
func (s *server) signIn(ctx context.Context) error {
	form := url.Values{"client_id": {app}, "client_secret": {secret}, "scope": {"http://" + s.addr + "/.default"}, "grant_type": {"client_credentials"}}
	token, err := s.token(ctx, form)
	if err != nil {
		return err
	}
	s.app = headersFor(s.addr, token)
	form.Set("grant_type", "password")
	form.Set("username", admin)
	form.Set("password", secret)
	if token, err = s.token(ctx, form); err != nil {
		return err
	}
	s.admin = headersFor(s.addr, token)
	return nil
}

func (s *server) token(ctx context.Context, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.addr+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var reply struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil || reply.Token == "" {
		return "", fmt.Errorf("no token: status %d, %w", resp.StatusCode, err)
	}
	return reply.Token, nil
}

// api makes the calls that prepare and check, which need not be cheap.
type api struct {
	*caller
	headers string
}

func (s *server) api() *api { return &api{caller: &caller{addr: s.addr}, headers: s.app} }

// create posts an object and returns the answer.
func (a *api) create(path string, body object) (object, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	status, answer, err := a.post(a.headers, text, path)
	if err != nil {
		return nil, err
	}
	if status != http.StatusCreated {
		return nil, fmt.Errorf("POST %s: status %d: %s", path, status, bytes.TrimSpace(answer))
	}
	var made object
	return made, json.Unmarshal(answer, &made)
}

// make posts an object and returns its id.
func (a *api) make(path string, body object) (string, error) {
	made, err := a.create(path, body)
	id, _ := made["id"].(string)
	return id, err
}

// read gets an object or a list.
func (a *api) read(to any, path ...string) error {
	status, answer, err := a.get(a.headers, path...)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET %s: status %d: %s", strings.Join(path, ""), status, bytes.TrimSpace(answer))
	}
	return json.Unmarshal(answer, to)
}
