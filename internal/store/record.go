package store

import (
	"fmt"
	"strconv"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// RecordID is the id of the record with that Seq in queries of History.Audits: twenty
// digits, so that ids have the order of the records.
func RecordID(seq int64) string { return fmt.Sprintf("%020d", seq) }

// ParseRecordID returns the Seq of the record with that id, and whether it is the id of one
// at all.
func ParseRecordID(id string) (seq int64, ok bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 || RecordID(n) != id {
		return 0, false
	}
	return n, true
}

// AuditValue is what a record has at a path of History.Audits, and whether there is such a
// path. A person who acts through an application is the user, and only what an application
// does on its own is the application's: as a directory audit shows it.
//
// graph: auditActivityInitiator
func AuditValue(r *entitlement.Record, path string) (v query.Value, ok bool) {
	switch path {
	case "id":
		return RecordID(r.Seq), true
	case "activityDateTime":
		return r.At.UTC(), true
	case "activityDisplayName":
		return string(r.Activity), true
	case "result":
		return orNull(r.Result), true
	case "correlationId":
		return orNull(r.CorrelationID), true
	case "initiatedBy/user/id":
		if r.By.User {
			return orNull(r.By.ObjectID), true
		}
		return nil, true
	case "initiatedBy/app/appId":
		if !r.By.User {
			return orNull(r.By.AppID), true
		}
		return nil, true
	}
	return nil, false
}

func orNull[S ~string](s S) query.Value {
	if s == "" {
		return nil
	}
	return string(s)
}
