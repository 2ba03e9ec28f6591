package rules

import (
	"time"

	"anteroom/internal/entitlement"
)

// CheckSchedule returns nil when access may begin and end as the request asks. updates says
// that it changes an assignment, answers that it brings answers, so that an update need not
// change the dates.
//
// contract: lifecycle f
func CheckSchedule(p *entitlement.Policy, t entitlement.RequestType, updates, answers bool, asked entitlement.Schedule, now time.Time) error {
	if err := asked.Expiration.Validate("schedule/expiration"); err != nil {
		return err
	}
	later := asked.StartAt.After(now)
	switch {
	case t.Removes() && (later || asksForDates(asked)):
		return badSchedule("schedule", "A removal takes effect at once; leave schedule out. To end access later, ask for an update with that endDateTime.")
	case t.Removes():
		return nil
	case (later || asked.Expiration.Ends()) && ByPerson(t) && !on(settingsOf(p).AllowCustomAssignmentSchedule):
		return badSchedule("schedule", "Policy '%s' does not let requestors choose when access begins or ends (requestorSettings.allowCustomAssignmentSchedule is not true); leave schedule out.", p.DisplayName)
	case later && updates:
		return badSchedule("schedule/startDateTime", "startDateTime is %s, in the future, but a change of an assignment takes effect at once; leave it out.", moment(asked.StartAt))
	case later && asked.StartAt.After(now.Add(entitlement.MaxExpiration)):
		return badSchedule("schedule/startDateTime", "startDateTime is %s; it may be at most %s ahead.", moment(asked.StartAt), entitlement.FormatDuration(entitlement.MaxExpiration))
	}
	start := now
	if later {
		start = asked.StartAt
	}
	if x := asked.Expiration; x != nil && x.Type == entitlement.ExpirationAfterDateTime {
		if err := checkEnd(p, updates, x.EndAt, start); err != nil {
			return err
		}
	}
	if updates && answers && !asksForDates(asked) {
		return nil
	}
	if end := EndOf(p.Expiration, asked, start); !end.IsZero() && !end.After(start) {
		return badSchedule("schedule", "Nothing would be left of the access: it would begin at %s, and policy '%s' ends it at %s.", moment(start), p.DisplayName, moment(end))
	}
	return nil
}

// checkEnd checks a fixed end that was asked for.
func checkEnd(p *entitlement.Policy, updates bool, end, start time.Time) error {
	const at = "schedule/expiration/endDateTime"
	switch x := p.Expiration; {
	case !end.After(start):
		return badSchedule(at, "endDateTime is %s; it must be after the access begins, at %s.", moment(end), moment(start))
	case updates && x != nil && x.Type == entitlement.ExpirationAfterDateTime && end.After(x.EndAt):
		return badSchedule(at, "endDateTime is %s; policy '%s' ends all access at %s, and no extension goes beyond that.", moment(end), p.DisplayName, moment(x.EndAt))
	}
	return nil
}

// EndOf is when access ends that begins at start: at the end that the policy has for it or
// the one that was asked for, whichever is first. Zero is never.
func EndOf(policy *entitlement.Expiration, asked entitlement.Schedule, start time.Time) time.Time {
	a, b := endFrom(policy, start), endFrom(asked.Expiration, start)
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// UpdatedEnd is when access ends once an update of it takes effect, which ended at was
// before. One that asks for no dates extends it by what the policy has for new access, or
// leaves it where it only brings answers. It is shortened only where an end was asked for.
func UpdatedEnd(r *entitlement.Request, was, now time.Time) time.Time {
	plan := &r.Progress.Plan
	if !asksForDates(plan.Schedule) && r.Type.Updates() && len(r.Answers) > 0 {
		return was
	}
	end := EndOf(plan.Expiration, plan.Schedule, now)
	if end.IsZero() && !byAdmin(r.Type) && len(plan.Approval) == 0 {
		return was // an end that somebody set is not lifted by who has the access alone
	}
	if !plan.Schedule.Expiration.Ends() && !end.IsZero() && (was.IsZero() || was.After(end)) {
		return was
	}
	return end
}

func endFrom(x *entitlement.Expiration, start time.Time) time.Time {
	if !x.Ends() {
		return time.Time{}
	}
	if x.Type == entitlement.ExpirationAfterDuration {
		return start.Add(x.Duration)
	}
	return x.EndAt
}

func asksForDates(s entitlement.Schedule) bool {
	return s.Expiration != nil && s.Expiration.Type != entitlement.ExpirationNotSpecified
}

func badSchedule(at, format string, args ...any) error {
	return entitlement.Errorf(entitlement.CodeInvalidSchedule, at, format, args...)
}

// moment writes a time as clients read it.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
