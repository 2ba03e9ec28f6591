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

// serveCalloutKeys answers with the public keys of the tenant that the query names, as a JSON
// Web Key Set (RFC 7517 §5). Without a name it answers with those of all tenants where that
// tells nobody anything: in dev mode, and where there is but one.
func serveCalloutKeys(e *engine.Engine, all bool) http.HandlerFunc {
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
		} else if !all && len(seeds) > 1 {
			graph.WriteError(w, r, entitlement.Errorf(entitlement.CodeBadRequest, "tenant", "This server has several tenants; name yours: %s?tenant=ID.", calloutKeysPath))
			return
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
