package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
)

const root = "/v1.0/identityGovernance/entitlementManagement"

// tables are those of the front. A request waits from the beginning: its answer may come before
// the endpoint has answered the call.
const tables = `
CREATE TABLE IF NOT EXISTS request (
	id       TEXT COLLATE "C" PRIMARY KEY,
	instance TEXT COLLATE "C" NOT NULL,
	package  TEXT COLLATE "C" NOT NULL,
	policy   TEXT COLLATE "C" NOT NULL,
	target   TEXT COLLATE "C" NOT NULL,
	state    TEXT NOT NULL,
	created  TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS assignment (
	request  TEXT COLLATE "C" PRIMARY KEY,
	package  TEXT COLLATE "C" NOT NULL,
	target   TEXT COLLATE "C" NOT NULL,
	created  TIMESTAMPTZ NOT NULL DEFAULT now(),
	UNIQUE (package, target)
)`

// States of a request.
const (
	waits     = "submitted"
	resumed   = "delivering"
	delivered = "delivered"
)

// front answers HTTP.
type front struct {
	db       *pgxpool.Pool
	jobs     *river.Client[pgx.Tx]
	client   *http.Client
	endpoint string
}

func (f *front) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/token", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]string{"access_token": "none"})
	})
	m.HandleFunc("POST "+root+"/assignmentRequests", answer(f.create))
	m.HandleFunc("GET "+root+"/assignmentRequests", answer(f.list))
	m.HandleFunc("GET "+root+"/assignmentRequests/{id}", answer(f.read))
	m.HandleFunc("POST "+root+"/assignmentRequests/{id}/resume", answer(f.resume))
	m.HandleFunc("GET "+root+"/assignments", answer(f.count))
	return m
}

// refusal is an error with a status.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return r.text }

// answer makes a handler of what returns a status and a body.
func answer(fn func(*http.Request) (int, any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, body, err := fn(r)
		var no refusal
		switch {
		case errors.As(err, &no):
			status, body = no.status, map[string]string{"error": no.text}
		case err != nil:
			status, body = http.StatusInternalServerError, map[string]string{"error": err.Error()}
		}
		write(w, status, body)
	}
}

func write(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has gone
}

// shown is a request as it is answered.
type shown struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Status string `json:"status"`
}

func show(id, state string) shown {
	status := map[string]string{waits: "WaitingForCallback", resumed: "Delivering", delivered: "Delivered"}[state]
	return shown{ID: id, State: state, Status: status}
}

// create stores a request, and the job that calls the endpoint, in one transaction.
func (f *front) create(r *http.Request) (int, any, error) {
	var order struct {
		RequestType string
		Assignment  struct{ TargetID, AssignmentPolicyID, AccessPackageID string }
	}
	if err := json.NewDecoder(r.Body).Decode(&order); err != nil || order.RequestType != "adminAdd" || order.Assignment.TargetID == "" {
		return 0, nil, refusal{http.StatusBadRequest, fmt.Sprintf("the body is no adminAdd: %v", err)}
	}
	a, id, instance := order.Assignment, uuid.Must(uuid.NewV7()).String(), uuid.NewString()
	err := pgx.BeginFunc(r.Context(), f.db, func(tx pgx.Tx) error {
		_, err := tx.Exec(r.Context(), "INSERT INTO request (id, instance, package, policy, target, state) VALUES ($1, $2, $3, $4, $5, $6)",
			id, instance, a.AccessPackageID, a.AssignmentPolicyID, a.TargetID, waits)
		if err != nil {
			return err
		}
		_, err = f.jobs.InsertTx(r.Context(), tx, call{Request: id}, nil)
		return err
	})
	return http.StatusCreated, show(id, waits), err
}

// resume lets a request go on, if it waits for this very answer, and leaves the job that
// delivers it, in one transaction.
func (f *front) resume(r *http.Request) (int, any, error) {
	var body struct {
		Source, Type string
		Data         struct{ Stage, CustomExtensionStageInstanceID string }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Data.CustomExtensionStageInstanceID == "" {
		return 0, nil, refusal{http.StatusBadRequest, fmt.Sprintf("the body is no callback: %v", err)}
	}
	id := r.PathValue("id")
	err := pgx.BeginFunc(r.Context(), f.db, func(tx pgx.Tx) error {
		done, err := tx.Exec(r.Context(), "UPDATE request SET state = $3 WHERE id = $1 AND instance = $2 AND state = $4",
			id, body.Data.CustomExtensionStageInstanceID, resumed, waits)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return refusal{http.StatusConflict, "the request does not wait for this"}
		}
		_, err = f.jobs.InsertTx(r.Context(), tx, deliver{Request: id}, nil)
		return err
	})
	return http.StatusNoContent, nil, err
}

// read answers with one request.
func (f *front) read(r *http.Request) (int, any, error) {
	id := r.PathValue("id")
	var state string
	err := f.db.QueryRow(r.Context(), "SELECT state FROM request WHERE id = $1", id).Scan(&state)
	if errors.Is(err, pgx.ErrNoRows) {
		err = refusal{http.StatusNotFound, "there is no such request"}
	}
	return http.StatusOK, show(id, state), err
}

// list answers with a page of all requests, for the checks behind a measurement.
func (f *front) list(r *http.Request) (int, any, error) {
	const page = 999
	rows, err := f.db.Query(r.Context(), "SELECT id, state FROM request WHERE id > $1 ORDER BY id LIMIT $2", r.URL.Query().Get("$skiptoken"), page)
	if err != nil {
		return 0, nil, err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (shown, error) {
		var id, state string
		err := row.Scan(&id, &state)
		return show(id, state), err
	})
	answer := map[string]any{"value": all}
	if len(all) == page {
		answer["@odata.nextLink"] = "http://" + r.Host + root + "/assignmentRequests?$skiptoken=" + all[page-1].ID
	}
	return http.StatusOK, answer, err
}

// count answers how many assignments there are.
func (f *front) count(r *http.Request) (int, any, error) {
	n, err := f.countAssignments(r.Context())
	return http.StatusOK, map[string]any{"@odata.count": n, "value": []any{}}, err
}

func (f *front) countAssignments(ctx context.Context) (n int, err error) {
	err = f.db.QueryRow(ctx, "SELECT count(*) FROM assignment").Scan(&n)
	return n, err
}
