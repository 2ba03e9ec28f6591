package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"anteroom/internal/server"
)

func newToken() *cobra.Command {
	var addr, tenant, user, app string
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print an access token of a development server",
		Long:  "Prints a bare access token of a development server, of an application or, with --user, of a person.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, err := fetchToken(cmd.Context(), addr, tenant, app, user)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&addr, "addr", "http://127.0.0.1:8080", "`URL` of the server")
	f.StringVar(&tenant, "tenant", string(server.SampleTenant), "tenant `ID`; one that was not seen before is made")
	f.StringVar(&user, "user", "", "a person: user `name`, user principal name or object id")
	f.StringVar(&app, "app", server.SampleApp, "application `ID`")
	return cmd
}

// fetchToken asks the built-in issuer for a token: of a person where there is one, else
// of the application.
func fetchToken(ctx context.Context, addr, tenant, app, user string) (string, error) {
	if !strings.Contains(addr, "://") {
		addr = "http://" + addr
	}
	form := url.Values{"client_id": {app}, "client_secret": {server.SampleSecret}, "grant_type": {"client_credentials"}}
	if user != "" {
		form.Set("grant_type", "password")
		form.Set("username", user)
		form.Set("password", server.SampleSecret)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	at := strings.TrimRight(addr, "/") + "/" + url.PathEscape(tenant) + "/oauth2/v2.0/token"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("no development server answers at %s: %w", addr, errors.Unwrap(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	var answer struct {
		Token       string `json:"access_token"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Token == "" {
		if answer.Description == "" {
			answer.Description = fmt.Sprintf("%s is not a development server of Anteroom (status %d)", addr, resp.StatusCode)
		}
		return "", errors.New(answer.Description)
	}
	return answer.Token, nil
}
