package graph

import (
	"time"

	"anteroom/internal/entitlement"
)

// The settings of a policy. Each member of the schema is either enforced or refused by
// name, so that nothing is stored and then ignored.

// notEnforced refuses a setting.
func notEnforced(n node, must string) error {
	return entitlement.Unsupported(n.at, "%s is not enforced by this server yet, so it is not stored; it must be %s.", n.at, must)
}

// graph: accessPackageAssignmentPolicy.specificAllowedTargets
func readTargets(n node, p *entitlement.Policy) (err error) {
	p.SpecificAllowedTargets, err = readSubjectSets(n)
	return err
}

func readPolicyExpiration(n node, p *entitlement.Policy) (err error) {
	p.Expiration, err = readExpirationPattern(n)
	return err
}

// readExpirationPattern reads an expirationPattern; null is nil. Whether it has what its type
// needs is checked by its Validate.
//
// graph: expirationPattern
func readExpirationPattern(n node) (*entitlement.Expiration, error) {
	if n.kind == isNull {
		return nil, nil
	}
	x := new(entitlement.Expiration)
	given := "" // a member that says when, but not how
	err := n.fields("expirationPattern", func(name string, n node) (_ bool, err error) {
		if n.kind == isNull {
			return name == "type" || name == "endDateTime" || name == "duration", nil
		}
		switch name {
		case "type":
			x.Type, err = enum(n, entitlement.ExpirationTypes)
		case "endDateTime":
			given = name
			x.EndAt, err = n.optionalInstant()
			x.EndAt = x.EndAt.UTC().Truncate(time.Microsecond)
		case "duration":
			given = name
			x.Duration, err = n.duration()
		default:
			return false, nil
		}
		return true, err
	})
	switch {
	case err != nil || x.Type != "":
	case given != "":
		err = entitlement.Invalid(n.at+"/type", "%s has %s, but no type; with endDateTime it is %s, with duration %s.",
			n.at, given, entitlement.ExpirationAfterDateTime, entitlement.ExpirationAfterDuration)
	default:
		x.Type = entitlement.ExpirationNotSpecified
	}
	return x, err
}

// requestorFlags are the flags of accessPackageAssignmentRequestorSettings.
var requestorFlags = []struct {
	name string
	ref  func(*entitlement.RequestorSettings) **bool
}{
	{"enableTargetsToSelfAddAccess", func(s *entitlement.RequestorSettings) **bool { return &s.EnableTargetsToSelfAddAccess }},
	{"enableTargetsToSelfUpdateAccess", func(s *entitlement.RequestorSettings) **bool { return &s.EnableTargetsToSelfUpdateAccess }},
	{"enableTargetsToSelfRemoveAccess", func(s *entitlement.RequestorSettings) **bool { return &s.EnableTargetsToSelfRemoveAccess }},
	{"allowCustomAssignmentSchedule", func(s *entitlement.RequestorSettings) **bool { return &s.AllowCustomAssignmentSchedule }},
	{"enableOnBehalfRequestorsToAddAccess", func(s *entitlement.RequestorSettings) **bool { return &s.EnableOnBehalfRequestorsToAddAccess }},
	{"enableOnBehalfRequestorsToUpdateAccess", func(s *entitlement.RequestorSettings) **bool { return &s.EnableOnBehalfRequestorsToUpdateAccess }},
	{"enableOnBehalfRequestorsToRemoveAccess", func(s *entitlement.RequestorSettings) **bool { return &s.EnableOnBehalfRequestorsToRemoveAccess }},
}

func writeRequestorSettings(e *encoder, p *entitlement.Policy) {
	s := p.RequestorSettings
	if s == nil {
		e.null()
		return
	}
	e.open()
	for _, f := range requestorFlags {
		e.key(f.name).optionalBoolean(*f.ref(s))
	}
	e.key("onBehalfRequestors")
	writeSubjectSets(e, s.OnBehalfRequestors)
	e.close()
}

// graph: accessPackageAssignmentRequestorSettings
func readRequestorSettings(n node, p *entitlement.Policy) error {
	p.RequestorSettings = nil
	if n.kind == isNull {
		return nil
	}
	settings := new(entitlement.RequestorSettings)
	p.RequestorSettings = settings
	return n.fields("accessPackageAssignmentRequestorSettings", func(name string, n node) (_ bool, err error) {
		if name == "onBehalfRequestors" {
			settings.OnBehalfRequestors, err = readSubjectSets(n)
			return true, err
		}
		for _, f := range requestorFlags {
			if f.name == name {
				*f.ref(settings), err = n.optionalBoolean()
				return true, err
			}
		}
		return false, nil
	})
}

func writeAutomatic(e *encoder, p *entitlement.Policy) {
	a := p.Automatic
	if a == nil {
		e.null()
		return
	}
	e.open()
	e.key("requestAccessForAllowedTargets").optionalBoolean(a.RequestForAllowed)
	e.key("removeAccessWhenTargetLeavesAllowedTargets").optionalBoolean(a.RemoveWhenLeaving)
	e.key("gracePeriodBeforeAccessRemoval")
	if a.GracePeriod == nil {
		e.null()
	} else {
		e.duration(*a.GracePeriod)
	}
	e.close()
}

// readAutomatic reads the settings that make a policy an automatic assignment policy.
//
// graph: accessPackageAutomaticRequestSettings
func readAutomatic(n node, p *entitlement.Policy) error {
	p.Automatic = nil
	if n.kind == isNull {
		return nil
	}
	settings := new(entitlement.AutomaticSettings)
	p.Automatic = settings
	return n.fields("accessPackageAutomaticRequestSettings", func(name string, n node) (_ bool, err error) {
		switch name {
		case "requestAccessForAllowedTargets":
			settings.RequestForAllowed, err = n.optionalBoolean()
		case "removeAccessWhenTargetLeavesAllowedTargets":
			settings.RemoveWhenLeaving, err = n.optionalBoolean()
		case "gracePeriodBeforeAccessRemoval":
			if n.kind != isNull {
				var grace time.Duration
				grace, err = n.duration()
				settings.GracePeriod = &grace
			}
		default:
			return false, nil
		}
		return true, err
	})
}

// readReviewSettings takes reviews that are switched off, and no other. What is written
// back is null.
//
// graph: accessPackageAssignmentReviewSettings
func readReviewSettings(n node, _ *entitlement.Policy) error {
	if n.kind == isNull {
		return nil
	}
	enabled := true // null and absent are not "off" for certain
	err := n.fields("accessPackageAssignmentReviewSettings", func(name string, n node) (_ bool, err error) {
		switch name {
		case "isEnabled":
			var b *bool
			if b, err = n.optionalBoolean(); b != nil {
				enabled = *b
			}
		case "expirationBehavior", "fallbackReviewers", "isRecommendationEnabled", "isReviewerJustificationRequired",
			"isSelfReview", "primaryReviewers", "schedule": // they say how, not whether
		default:
			return false, nil
		}
		return true, err
	})
	if err == nil && enabled {
		err = notEnforced(n, "null, or have isEnabled false")
	}
	return err
}

func writeNotificationSettings(e *encoder, p *entitlement.Policy) {
	if p.NotificationDisabled == nil {
		e.null()
		return
	}
	e.open()
	e.key("isAssignmentNotificationDisabled").boolean(*p.NotificationDisabled)
	e.close()
}

// graph: accessPackageNotificationSettings
func readNotificationSettings(n node, p *entitlement.Policy) error {
	p.NotificationDisabled = nil
	if n.kind == isNull {
		return nil
	}
	disabled := false
	p.NotificationDisabled = &disabled
	return n.fields("accessPackageNotificationSettings", func(name string, n node) (_ bool, err error) {
		if name != "isAssignmentNotificationDisabled" {
			return false, nil
		}
		disabled, err = n.boolean()
		return true, err
	})
}
