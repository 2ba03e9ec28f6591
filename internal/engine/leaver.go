package engine

import (
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// block switches off the account of a guest.
func (ed *edit) block(u *entitlement.User) error {
	_, err := update(ed, ed.tx.Users, rules.Users, u.ID, func(u *entitlement.User) error {
		u.AccountEnabled, u.BlockedAt = false, ed.now
		return nil
	})
	return err
}

// deleteUser removes a user from the directory and from all groups, and leaves a job that
// takes their access away.
func (ed *edit) deleteUser(u *entitlement.User) ([]store.Job, error) {
	if err := ed.leaveGroups(u.ID); err != nil {
		return nil, err
	}
	if err := remove(ed, ed.tx.Users, rules.Users, u.ID); err != nil {
		return nil, err
	}
	return ed.personJob(u.ID, personGone)
}

// leaveGroups ends all memberships of a user or a service principal.
func (ed *edit) leaveGroups(member entitlement.ID) error {
	in, err := ed.tx.Memberships.List(ed.ctx, query.Query{Filter: query.Equal("member/id", string(member))})
	if err != nil {
		return err
	}
	for _, m := range in {
		if err := remove(ed, ed.tx.Memberships, rules.Memberships, m.ID); err != nil {
			return err
		}
	}
	return nil
}
