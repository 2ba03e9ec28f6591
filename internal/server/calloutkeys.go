package server

import (
	"cmp"
	"net/http"
	"slices"

	"anteroom/internal/callout"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/graph"
)

// calloutKeysPath is where receivers find the public keys that verify callouts.
const calloutKeysPath = "/.well-known/anteroom/callout-keys"

// serveCalloutKeys answers with the public keys of all tenants, or of the one that the
// query names, as a JSON Web Key Set (RFC 7517 §5).
func serveCalloutKeys(e *engine.Engine) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seeds, err := e.CalloutKeys(r.Context())
		if err != nil {
			graph.WriteError(w, r, err)
			return
		}
		if q := r.URL.Query(); q.Has("tenant") {
			id, _ := entitlement.ParseTenantID(q.Get("tenant"))
			one, known := seeds[id]
			seeds = nil
			if known {
				seeds = map[entitlement.TenantID][]byte{id: one}
			}
		}
		answer := struct {
			Keys []map[string]string `json:"keys"`
		}{Keys: []map[string]string{}}
		for _, seed := range seeds {
			key, err := callout.KeyFromSeed(seed)
			if err != nil {
				graph.WriteError(w, r, err)
				return
			}
			answer.Keys = append(answer.Keys, callout.JWK(publicOf(key)))
		}
		slices.SortFunc(answer.Keys, func(a, b map[string]string) int { return cmp.Compare(a["kid"], b["kid"]) })
		w.Header().Set("Cache-Control", "public, max-age=300")
		writeJSON(w, r, http.StatusOK, answer)
	}
}
