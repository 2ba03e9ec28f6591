package entitlement

import "time"

// Schedule is an entitlementManagementSchedule as it was asked for.
type Schedule struct {
	StartAt    time.Time   `json:"start,omitzero,format:unixmicro"` // zero: at once
	Expiration *Expiration `json:"expiration,omitzero"`
}

// Expiration is an expirationPattern: when access ends. EndAt belongs to the type
// afterDateTime, Duration to afterDuration.
type Expiration struct {
	Type     ExpirationType `json:"type"`
	EndAt    time.Time      `json:"end,omitzero,format:unixmicro"`
	Duration time.Duration  `json:"duration,omitzero,format:nano"`
}

// Ends reports whether the pattern ends access at all; nil does not.
func (x *Expiration) Ends() bool {
	return x != nil && (x.Type == ExpirationAfterDateTime || x.Type == ExpirationAfterDuration)
}

// MaxExpiration is the longest duration of access (graph: the portal's 3660 days).
const MaxExpiration = 3660 * 24 * time.Hour

// Validate checks a pattern alone; it may be nil.
func (x *Expiration) Validate(at string) error {
	if x == nil {
		return nil
	}
	switch x.Type {
	case ExpirationAfterDateTime:
		if x.EndAt.IsZero() || x.Duration != 0 {
			return Invalid(at+"/endDateTime", "With type afterDateTime, %s needs endDateTime and no duration.", at)
		}
	case ExpirationAfterDuration:
		switch {
		case x.Duration == 0 || !x.EndAt.IsZero():
			return Invalid(at+"/duration", "With type afterDuration, %s needs a duration and no endDateTime.", at)
		case x.Duration < 0 || x.Duration > MaxExpiration:
			return Invalid(at+"/duration", "%s/duration is %s; it must be more than zero and at most %s.", at, FormatDuration(x.Duration), FormatDuration(MaxExpiration))
		}
	case ExpirationNone, ExpirationNotSpecified:
		if !x.EndAt.IsZero() || x.Duration != 0 {
			return Invalid(at+"/type", "With type %s, %s has neither endDateTime nor duration.", x.Type, at)
		}
	default:
		return Invalid(at+"/type", "%s/type can be %s.", at, EnumWords(ExpirationTypes))
	}
	return nil
}
