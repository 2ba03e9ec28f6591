package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"anteroom/internal/server"
)

// demoWithin is how long the whole story may take, and each wait in it.
const demoWithin = 60 * time.Second

func newDemo() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole story: a request waits for a callback, and is delivered or denied",
		Long: "Starts a server and a small extension endpoint, and plays all parts through the HTTP API: somebody asks for\n" +
			"an access package, the policy calls the extension, and its owner lets the request go on, denies it, or says nothing.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd.Context(), cmd.OutOrStdout(), keep)
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the server up, with a request that waits")
	return cmd
}

// runDemo starts all that the story needs, tells it, and takes everything away again.
func runDemo(ctx context.Context, out io.Writer, keep bool) (err error) {
	signal.Ignore(syscall.SIGPIPE) // a reader that has seen enough must not keep us from tidying up
	dir, err := os.MkdirTemp("", "anteroom-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := server.Dev(ctx, server.DevOptions{Data: filepath.Join(dir, "anteroom.db")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	x, err := startEndpoint(ctx, s.URL())
	if err != nil {
		return err
	}
	defer x.stop()

	p := newPrinter(out)
	p.title(s.URL(), x.url)
	st := &story{printer: p, api: &client{base: s.URL()}, endpoint: x}
	if err := st.tell(ctx); err != nil {
		p.failure(err)
		return errors.New("the demo did not go as expected")
	}
	if !keep {
		p.done()
		return nil
	}
	if err := st.keep(ctx, dir); err != nil {
		p.failure(err)
		return errors.New("the demo did not go as expected")
	}
	<-ctx.Done()
	return nil
}

// client is a plain HTTP client of the API.
type client struct{ base string }

// answer is what a call was answered.
type answer struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// do makes one call. The body is JSON text, or a value that is written as JSON.
func (c *client) do(ctx context.Context, method, path, token string, body any) (*answer, error) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = bytes.NewReader([]byte(b))
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	if a.raw, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20)); err != nil {
		return nil, err
	}
	if len(a.raw) > 0 {
		if err := json.Unmarshal(a.raw, &a.body); err != nil {
			return nil, fmt.Errorf("%s %s answered something that is not JSON: %s", method, path, a.raw)
		}
	}
	return a, nil
}

// text returns the string at a path of names and indexes in the answer, or "".
func (a *answer) text(path ...any) string {
	s, _ := dig(a.body, path...).(string)
	return s
}

// list returns the list at a path.
func (a *answer) list(path ...any) []any {
	l, _ := dig(a.body, path...).([]any)
	return l
}

func dig(v any, path ...any) any {
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			l, _ := v.([]any)
			if key >= len(l) {
				return nil
			}
			v = l[key]
		}
	}
	return v
}
