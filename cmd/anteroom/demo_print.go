package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// apiRoot is left out of the paths that are printed.
const apiRoot = "/v1.0/identityGovernance/entitlementManagement"

// printer tells the story: coloured on a terminal, plain elsewhere.
type printer struct {
	w      io.Writer
	colour bool
	scenes int
}

func newPrinter(w io.Writer) *printer { return &printer{w: w, colour: isColour(w)} }

// Colours of a terminal.
const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
	blue  = "36"
)

func (p *printer) paint(colour, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func (p *printer) title(server, endpoint string) {
	fmt.Fprintf(p.w, "%s\n\n  server     %s\n  extension  %s\n  …          %s\n",
		p.paint(bold, "Anteroom: a request waits for a callback, and is delivered or denied"), server, endpoint, apiRoot)
}

func (p *printer) scene(text string) {
	p.scenes++
	fmt.Fprintf(p.w, "\n%s\n", p.paint(bold, fmt.Sprintf("%d. %s", p.scenes, text)))
}

// step prints one call and what it changed.
func (p *printer) step(method, path string, status int, changed string) {
	call := fmt.Sprintf("%-4s %s", method, shortPath(path))
	fmt.Fprintf(p.w, "   %s  %s %s\n", p.paint(blue, call), p.paint(green, fmt.Sprint(status)), p.paint(dim, http.StatusText(status)))
	if changed != "" {
		fmt.Fprintf(p.w, "        %s\n", strings.ReplaceAll(changed, "\n", "\n        "))
	}
}

// shortPath is a path with what all share left out, and readable.
func shortPath(path string) string {
	path = strings.Replace(path, apiRoot, "…", 1)
	return strings.NewReplacer("%20", " ", "%27", "'").Replace(path)
}

// body prints JSON that was sent or received.
func (p *printer) body(text []byte) {
	var b bytes.Buffer
	if json.Indent(&b, text, "        ", "  ") != nil {
		b.Write(text)
	}
	fmt.Fprintf(p.w, "        %s\n", p.paint(dim, b.String()))
}

// received prints a callout as the endpoint saw it.
func (p *printer) received(path string, c *callout) {
	fmt.Fprintf(p.w, "   %s\n", p.paint(blue, "the extension received: POST "+path))
	for _, name := range []string{"Content-Type", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Anteroom-Key-Id", "Anteroom-Callback-Url"} {
		fmt.Fprintf(p.w, "        %s: %s\n", strings.ToLower(name), c.header.Get(name))
	}
	p.body(c.body)
	fmt.Fprintf(p.w, "        %s\n", p.paint(green, "the signature is right (ed25519, key from /.well-known/anteroom/callout-keys)"))
}

func (p *printer) failure(err error) {
	fmt.Fprintf(p.w, "\n%s\n", p.paint(red, "FAILED: "+err.Error()))
}

func (p *printer) done() {
	fmt.Fprintf(p.w, "\n%s\n", p.paint(green, "Every step was as expected."))
}
