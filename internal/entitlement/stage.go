package entitlement

import "strings"

// Stage is accessPackageCustomExtensionStage: the moment of a request or an
// assignment at which a custom extension is called.
type Stage string

// Members of accessPackageCustomExtensionStage, in schema order.
const (
	StageCreated  Stage = "assignmentRequestCreated"
	StageApproved Stage = "assignmentRequestApproved"
	StageGranted  Stage = "assignmentRequestGranted"
	StageRemoved  Stage = "assignmentRequestRemoved"
	// The two stages of an assignment that is about to expire.
	StageFourteenDays Stage = "assignmentFourteenDaysBeforeExpiration"
	StageOneDay       Stage = "assignmentOneDayBeforeExpiration"
	// StageDetermining is not in the schema, but official samples send it: the extension
	// says who approves (contract: lifecycle a.1).
	StageDetermining Stage = "assignmentRequestDeterminingApprovalRequirements"
)

// Stages lists the members in schema order, and the one that is not in the schema.
var Stages = []Stage{StageCreated, StageApproved, StageGranted, StageRemoved, StageFourteenDays, StageOneDay, StageDetermining}

// RequestStages are the four of the schema that a request goes through.
var RequestStages = Stages[:4]

// OfAssignment reports whether the stage is one of an assignment, not of a request. It is
// served by another type of extension, which never waits.
func (s Stage) OfAssignment() bool { return s == StageFourteenDays || s == StageOneDay }

// ParseStage reads a stage word in any case. It also takes assignmentRemoved, which
// public receivers use for assignmentRequestRemoved (contract: lifecycle b.1).
func ParseStage(word string) (Stage, bool) {
	if strings.EqualFold(word, "assignmentRemoved") {
		return StageRemoved, true
	}
	return ParseEnum(Stages, word)
}
