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

// ask makes what is asked for of one package. The packages come in an order of their own, as
// nobody asks in the order in which they were made.
func (l *loader) ask(ctx context.Context, t *lot, k int) error {
	n := spread(k, len(l.packages))
	p := l.packages[n]
	assignments, waiting := share(l.Assignments, k, len(l.packages)), share(l.Waiting, k, len(l.packages))
	for i := range assignments + waiting {
		policy := p.open
		if i >= assignments {
			policy = p.checked
			t.clock = l.when(before(l.Waiting, k, len(l.packages)) + i - assignments)
		}
		who := (n + spread(i, len(l.people))) % len(l.people)
		if err := l.submit(ctx, t, who, engine.Order{Type: entitlement.TypeUserAdd, PackageID: p.id, PolicyID: policy}); err != nil {
			return err
		}
	}
	return nil
}

// share is how much of n, dealt out evenly, the k-th of so many gets.
func share(n, k, of int) int {
	s := n / of
	if k < n%of {
		s++
	}
	return s
}

// before is how much of n those before the k-th of so many get.
func before(n, k, of int) int { return k*(n/of) + min(k, n%of) }

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

// when is the time at which the n-th of those that wait asked.
func (l *loader) when(n int) time.Time {
	if n < l.Together {
		return l.Since.Add(time.Second * time.Duration(n) / time.Duration(l.Together))
	}
	from := l.Since
	if l.Together > 0 {
		from = from.Add(time.Second)
	}
	rest := float64(n-l.Together) / float64(l.Waiting-l.Together)
	return from.Add(time.Duration(rest * float64(l.now.Sub(from))))
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
