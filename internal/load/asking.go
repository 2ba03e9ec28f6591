package load

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// asking is that many people ask for packages of one kind.
type asking struct {
	*loader
	what     string
	n        int
	packages []pkg
	before   int // how many asked before
}

// ask lets the k-th of them ask. Some ask for one package, then others for another; the packages
// come in an order of their own, as nobody asks in the order in which they were made.
func (a asking) ask(ctx context.Context, t *lot, k int) error {
	each := (a.n + len(a.packages) - 1) / len(a.packages)
	n := spread(k/each, len(a.packages))
	who := (n + spread(k%each, len(a.people))) % len(a.people)
	all := a.Assignments + a.Waiting
	t.clock = a.Since.Add(time.Duration(float64(a.before+k) / float64(all) * float64(a.Until.Sub(a.Since))))
	p := a.packages[n]
	return a.submit(ctx, t, who, engine.Order{Type: entitlement.TypeUserAdd, PackageID: p.id, PolicyID: p.policy})
}

// spread is a permutation of 0 … n-1 in which neighbours are far from each other.
func spread(k, n int) int {
	step := n*5/8 | 1
	for gcd(step, n) != 1 {
		step += 2
	}
	return k * step % n
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// submit lets somebody ask, and then makes the callout, as the server would.
func (l *loader) submit(ctx context.Context, t *lot, who int, o engine.Order) error {
	by := entitlement.Actor{
		Tenant: l.Tenant, User: true, ObjectID: l.people[who], AppID: l.App, Name: personName(who), UPN: l.principalName(who),
		Permissions: []string{entitlement.PermissionSubjectAccess}, RequestID: uuid.NewString(), Address: "127.0.0.1",
	}
	r, err := t.engine.Submit(ctx, by, o)
	if err != nil {
		return err
	}
	for _, job := range t.jobs {
		if job.Kind == store.JobCallout {
			return t.engine.Perform(ctx, job)
		}
	}
	if r.State != entitlement.RequestDelivered {
		return fmt.Errorf("request %s is %s, want it delivered", r.ID, r.State)
	}
	return nil
}
