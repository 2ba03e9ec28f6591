package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// delivered is the first request: the extension's owner lets it go on.
func (s *story) delivered(ctx context.Context) error {
	s.scene("Maya asks for the package; the extension is called, and the request waits")
	maya, c, err := s.ask(ctx, s.person)
	if err != nil {
		return err
	}
	s.received(endpointPath(s.endpoint.url), c)
	if _, err := s.call(ctx, "GET", requestPath(c), maya, nil, 200, wantState("submitted", "WaitingForCallback")); err != nil {
		return err
	}
	if err := s.members(ctx); err != nil {
		return err
	}
	s.scene("The extension's owner answers with Example 1: access is delivered")
	if err := s.resume(ctx, c, exampleGoOn, 204, nil); err != nil {
		return err
	}
	if _, err := s.reaches(ctx, c, maya, "delivered", "Delivered"); err != nil {
		return err
	}
	return s.members(ctx, "Maya Moss")
}

// denied is the second request: the owner denies it.
func (s *story) denied(ctx context.Context) error {
	s.scene("Alice asks, and the owner answers with Example 2: the request is denied")
	alice, c, err := s.ask(ctx, "alice")
	if err != nil {
		return err
	}
	if err := s.resume(ctx, c, exampleDeny, 204, nil); err != nil {
		return err
	}
	if _, err := s.reaches(ctx, c, alice, "denied", "Denied"); err != nil {
		return err
	}
	return s.members(ctx, "Maya Moss")
}

// timedOut is the third request: nobody answers in time.
func (s *story) timedOut(ctx context.Context) error {
	s.scene("Bob asks, and nobody answers: the tenant's clock is moved, and the wait ends")
	bob, c, err := s.ask(ctx, "bob")
	if err != nil {
		return err
	}
	if _, err := s.call(ctx, "POST", "/dev/clock", s.admin, object{"advance": "P1DT1M"}, 200, func(a *answer) (string, error) {
		if a.text("now") == "" || a.text("offset") != "P1DT1M" {
			return "", fmt.Errorf("expected the time and the offset P1DT1M, but the answer is %s", a.raw)
		}
		return "it is " + a.text("now") + " in this tenant; what fell due was done before the answer", nil
	}); err != nil {
		return err
	}
	ended, err := s.reaches(ctx, c, bob, "deliveryFailed", "CallbackTimedOut")
	if err != nil {
		return err
	}
	if status := ended.text("customExtensionCalloutInstances", 0, "status"); status != "callbackTimedOut" {
		return fmt.Errorf("expected a callout instance in status callbackTimedOut, but it is %q", status)
	}
	fmt.Fprintf(s.w, "        callout instance %s is in status callbackTimedOut\n", c.instance())
	if err := s.resume(ctx, c, exampleGoOn, 409, func(a *answer) (string, error) {
		if a.text("error", "code") != "CallbackTimedOut" {
			return "", fmt.Errorf("expected the code CallbackTimedOut, but the answer is %s", a.raw)
		}
		return "too late: " + a.text("error", "message"), nil
	}); err != nil {
		return err
	}
	return s.members(ctx, "Maya Moss")
}

// keep leaves a request that waits, and says how to go on by hand.
func (s *story) keep(ctx context.Context, dir string) error {
	within, cancel := context.WithTimeout(ctx, demoWithin)
	defer cancel()
	s.scene("Carol asks, and her request waits for you")
	_, c, err := s.ask(within, "carol")
	if err != nil {
		return err
	}
	// In files, so that the lines stay short enough to read.
	header, answer := filepath.Join(dir, "token"), filepath.Join(dir, "resume.json")
	body := strings.Replace(exampleGoOn, "957d0c50-466b-4840-bb5b-c92cea7141ff", c.instance(), 1)
	for name, content := range map[string]string{header: "Authorization: Bearer " + s.admin + "\n", answer: body} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			return err
		}
	}
	at := s.api.base + requestPath(c)
	fmt.Fprintf(s.w, `
%s
  server  %s
  token   %s

Try these, one after the other:

curl -s -H @%[4]s %[5]s
curl -s -i -H @%[4]s -H 'Content-Type: application/json' -d @%[6]s %[5]s/resume
curl -s -H @%[4]s %[7]s/v1.0/groups/%[8]s/members

Ctrl-C ends it, and removes its files.
`, s.paint(green, "Every step was as expected, and the server stays up."), s.api.base, s.admin, header, at, answer, s.api.base, s.group)
	return nil
}

// endpointPath is the path of a URL.
func endpointPath(of string) string {
	u, err := url.Parse(of)
	if err != nil {
		return of
	}
	return u.Path
}
