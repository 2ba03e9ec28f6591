package sqlstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

const sampleTenant = entitlement.TenantID("0191aaaa-0000-7000-8000-000000000001")

var sampleTime = time.Date(2026, 11, 24, 9, 30, 0, 123456000, time.UTC)

func newID(t testing.TB) entitlement.ID {
	u, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return entitlement.ID(u.String())
}

// people are so many ids that indexes see the spread of a real directory.
func people(t testing.TB, n int) []entitlement.ID {
	ids := make([]entitlement.ID, n)
	for i := range ids {
		ids[i] = entitlement.ID(uuid.NewString())
	}
	return ids
}

// waitingRequest is a request as it looks while it waits for a callback.
func waitingRequest(t testing.TB, who, what []entitlement.ID) *entitlement.Request {
	person, pkg := who[rand.IntN(len(who))], what[rand.IntN(len(what))]
	subject := entitlement.Subject{
		ObjectID: person, Type: entitlement.SubjectUser, DisplayName: "Adele Vance",
		PrincipalName: "adele.vance@contoso.example", Email: "adele.vance@contoso.example",
	}
	extension := entitlement.ID("0191bbbb-0000-7000-8000-00000000000e")
	justification := "I need this for the quarterly report."
	seed := uuid.New()
	return &entitlement.Request{
		Object: entitlement.Object{ID: newID(t), CreatedAt: sampleTime, ModifiedAt: sampleTime},
		Type:   entitlement.TypeUserAdd, PackageID: pkg, PolicyID: pkg, CatalogID: what[0],
		RequestorID: person, TargetID: person,
		State: entitlement.RequestSubmitted, Status: entitlement.StatusWaitingForCallback,
		Requestor: subject, Target: subject, Justification: &justification,
		Progress: entitlement.Progress{
			Phase: entitlement.PhaseCreated, Wait: 1,
			Plan: entitlement.Plan{
				Seed: hex.EncodeToString(seed[:]),
				Callouts: []entitlement.PlannedCallout{{
					Stage: entitlement.StageCreated, ExtensionID: extension, ExtensionName: "Check training",
					URL: "https://extensions.contoso.example/hooks/check-training", Timeout: time.Second, Retries: 1,
					CallbackTimeout: 14 * 24 * time.Hour,
				}},
			},
			Callouts: []entitlement.Callout{{
				ID: newID(t), Stage: entitlement.StageCreated, ExtensionID: extension, Wait: 1,
				Status: entitlement.WaitingForCallback, Attempts: 1, LastAttempt: sampleTime,
				StartedAt: sampleTime, Deadline: sampleTime.Add(14 * 24 * time.Hour),
			}},
		},
	}
}

// insertWaiting stores a waiting request with its jobs and history.
func insertWaiting(ctx context.Context, tx *store.Tx, r *entitlement.Request) error {
	if err := tx.Requests.Insert(ctx, r); err != nil {
		return err
	}
	lane := string(r.Progress.Plan.Callouts[0].ExtensionID)
	err := tx.Jobs.Put(ctx,
		store.Job{JobKey: store.JobKey{Kind: store.JobCallout, Ref: r.ID, N: 1}, Due: r.CreatedAt, Lane: lane},
		store.Job{JobKey: store.JobKey{Kind: store.JobTimeout, Ref: r.ID, N: 1}, Due: r.CreatedAt.Add(14 * 24 * time.Hour)})
	if err != nil {
		return err
	}
	by := entitlement.RecordActor{ObjectID: r.RequestorID, AppID: "0191cccc-0000-7000-8000-00000000000a", Name: "Adele Vance", User: true}
	return tx.History.Append(ctx,
		&entitlement.Record{At: r.CreatedAt, Kind: "assignmentRequest", Ref: r.ID, Action: "create", To: "created", By: by, CorrelationID: string(r.ID)},
		&entitlement.Record{At: r.CreatedAt, Kind: "assignmentRequest", Ref: r.ID, Action: "calloutSent", From: "created", To: "created", Callout: r.Progress.Callouts[0].ID})
}

func openSample(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	tenants, err := s.Tenants(t.Context())
	if err == nil && len(tenants) == 0 {
		err = s.CreateTenant(t.Context(), &entitlement.Tenant{ID: sampleTenant, CreatedAt: sampleTime})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("unexpected: %w", err))
	}
}
