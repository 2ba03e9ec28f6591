package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// takenName says that an id or a principal name is somebody else's.
func takenName(err error) error {
	if errors.Is(err, store.ErrDuplicate) {
		return entitlement.Errorf(entitlement.CodeDuplicateKey, "userPrincipalName", "Another object with the same value for property userPrincipalName, or the same id, already exists.")
	}
	return err
}

// CreateUser adds a user to the built-in directory. An id that is set is kept, so that
// the ids of an identity provider can be carried over.
func (e *Engine) CreateUser(ctx context.Context, by entitlement.Actor, u *entitlement.User) error {
	return e.manageAndTell(ctx, by, func(ed *edit) ([]store.Job, error) {
		if u.Type == "" {
			u.Type = entitlement.UserMember
		}
		if err := u.Validate(); err != nil {
			return nil, err
		}
		if err := errors.Join(free(ed, ed.tx.Principals, u.ID), free(ed, ed.tx.Groups, u.ID)); err != nil {
			return nil, takenName(err)
		}
		if err := insert(ed, ed.tx.Users, rules.Users, u); err != nil {
			return nil, takenName(err)
		}
		return ed.personChanged(u)
	})
}

// UpdateUser applies change to the user and returns them. Somebody whose account is enabled
// is not blocked any more.
func (e *Engine) UpdateUser(ctx context.Context, by entitlement.Actor, id entitlement.ID, change func(*entitlement.User) error) (u *entitlement.User, err error) {
	err = e.manageAndTell(ctx, by, func(ed *edit) ([]store.Job, error) {
		u, err = update(ed, ed.tx.Users, rules.Users, id, func(u *entitlement.User) error {
			meta := u.Object
			if err := change(u); err != nil {
				return err
			}
			if u.Object = meta; u.AccountEnabled && !u.BlockedAt.IsZero() {
				u.BlockedAt = time.Time{}
				leaver := store.JobKey{Tenant: by.Tenant, Kind: store.JobLeaver, Ref: id}
				if _, err := ed.tx.Jobs.Delete(ed.ctx, leaver); err != nil {
					return err
				}
			}
			return u.Validate()
		})
		if err != nil {
			return nil, takenName(err)
		}
		return ed.personChanged(u)
	})
	return u, err
}

// DeleteUser removes a user from the directory and from all groups. Their access is taken
// away by a job.
func (e *Engine) DeleteUser(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return e.manageAndTell(ctx, by, func(ed *edit) ([]store.Job, error) {
		u, err := get(ed, ed.tx.Users, rules.Users, id)
		if err != nil {
			return nil, err
		}
		return ed.deleteUser(u)
	})
}

// SetManager sets the manager of a user, or takes them away where manager is empty. Nobody
// is their own manager, themselves or through others.
func (e *Engine) SetManager(ctx context.Context, by entitlement.Actor, id, manager entitlement.ID) error {
	return e.manageAndTell(ctx, by, func(ed *edit) ([]store.Job, error) {
		u, err := update(ed, ed.tx.Users, rules.Users, id, func(u *entitlement.User) error {
			if manager == "" && u.ManagerID == "" {
				return entitlement.Errorf(entitlement.CodeNotFound, "manager", "The resource was not found: the user '%s' has no manager.", id)
			}
			u.ManagerID = manager
			return ed.maySupervise(manager, id)
		})
		if err != nil {
			return nil, err
		}
		return ed.personChanged(u)
	})
}

// maySupervise refuses a manager who does not exist, or who is under the user already.
func (ed *edit) maySupervise(manager, user entitlement.ID) error {
	if manager == user {
		return entitlement.Invalid("manager", "A user cannot be their own manager; name somebody else.")
	}
	seen := map[entitlement.ID]bool{}
	for above := manager; above != "" && !seen[above]; {
		seen[above] = true
		if above == user {
			return entitlement.Invalid("manager", "The user '%s' cannot be the manager of '%s', who is above them: the line of managers would go round. Change the manager of one of those between them first.", manager, user)
		}
		u, err := ed.tx.Users.Get(ed.ctx, above)
		if errors.Is(err, store.ErrNotFound) && above != manager {
			return nil
		}
		if err != nil {
			return notFound(err, string(rules.Users), above)
		}
		above = u.ManagerID
	}
	return nil
}

// AddUserSponsor adds a user to the sponsors of a user.
//
// graph: user-post-sponsors
func (e *Engine) AddUserSponsor(ctx context.Context, by entitlement.Actor, id, sponsor entitlement.ID) error {
	return e.changeSponsors(ctx, by, id, func(ed *edit, u *entitlement.User) error {
		return ed.addPerson("sponsors", &u.Sponsors, sponsor)
	})
}

// RemoveUserSponsor takes a user out of the sponsors of a user, also one who is deleted.
//
// graph: user-delete-sponsors
func (e *Engine) RemoveUserSponsor(ctx context.Context, by entitlement.Actor, id, sponsor entitlement.ID) error {
	return e.changeSponsors(ctx, by, id, func(_ *edit, u *entitlement.User) error {
		return dropPerson("sponsors", &u.Sponsors, sponsor)
	})
}

func (e *Engine) changeSponsors(ctx context.Context, by entitlement.Actor, id entitlement.ID, change func(*edit, *entitlement.User) error) error {
	return e.manageAndTell(ctx, by, func(ed *edit) ([]store.Job, error) {
		u, err := update(ed, ed.tx.Users, rules.Users, id, func(u *entitlement.User) error {
			if err := change(ed, u); err != nil {
				return err
			}
			return u.Validate()
		})
		if err != nil {
			return nil, err
		}
		return ed.personChanged(u)
	})
}

// addPerson adds a user to a list of users, such as sponsors.
func (ed *edit) addPerson(name string, list *[]entitlement.ID, id entitlement.ID) error {
	if _, err := get(ed, ed.tx.Users, rules.Users, id); err != nil {
		return err
	}
	if slices.Contains(*list, id) {
		return entitlement.Errorf(entitlement.CodeBadRequest, name, "One or more added object references already exist for the following modified properties: '%s'.", name)
	}
	*list = append(*list, id)
	return nil
}

// dropPerson takes a user out of a list of users.
func dropPerson(name string, list *[]entitlement.ID, id entitlement.ID) error {
	i := slices.Index(*list, id)
	if i < 0 {
		return entitlement.Errorf(entitlement.CodeNotFound, name, "The resource was not found: '%s' is not among the %s.", id, name)
	}
	*list = slices.Delete(*list, i, i+1)
	return nil
}

// manageAndTell is manage for changes that leave jobs, which are told of once they are
// durable.
func (e *Engine) manageAndTell(ctx context.Context, by entitlement.Actor, fn func(*edit) ([]store.Job, error)) error {
	var jobs []store.Job
	err := e.manage(ctx, by, func(ed *edit) (err error) {
		jobs, err = fn(ed)
		return err
	})
	if err == nil {
		e.OnJobs(jobs)
	}
	return err
}

// personChanged leaves a job that applies the automatic assignment policies to a user, if
// the tenant has any.
func (ed *edit) personChanged(u *entitlement.User) ([]store.Job, error) {
	some, err := ed.tx.Policies.List(ed.ctx, query.Query{Filter: query.Equal("isAutomatic", true), Limit: 1})
	if err != nil || len(some) == 0 {
		return nil, err
	}
	return ed.personJob(u.ID, 0)
}

func (ed *edit) personJob(id entitlement.ID, n int) ([]store.Job, error) {
	job := store.Job{JobKey: store.JobKey{Tenant: ed.by.Tenant, Kind: store.JobPerson, Ref: id, N: n}, Due: ed.realNow()}
	return []store.Job{job}, ed.tx.Jobs.Put(ed.ctx, job)
}

// free returns store.ErrDuplicate when an object of another kind has the id.
func free[T any](ed *edit, table store.Table[T], id entitlement.ID) error {
	if id == "" {
		return nil
	}
	_, err := table.Get(ed.ctx, id)
	switch {
	case err == nil:
		return store.ErrDuplicate
	case errors.Is(err, store.ErrNotFound):
		return nil
	}
	return err
}
