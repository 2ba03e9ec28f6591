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
	// The two stages before expiry are known but nothing fires them yet; binding
	// one is refused when a policy is saved.
	StageFourteenDays Stage = "assignmentFourteenDaysBeforeExpiration"
	StageOneDay       Stage = "assignmentOneDayBeforeExpiration"
)

// Stages lists the members in schema order.
var Stages = []Stage{StageCreated, StageApproved, StageGranted, StageRemoved, StageFourteenDays, StageOneDay}

// RequestStages are the four that a request goes through.
var RequestStages = Stages[:4]

// ParseStage reads a stage word in any case. It also takes assignmentRemoved, which
// public receivers use for assignmentRequestRemoved (contract: lifecycle b.1).
func ParseStage(word string) (Stage, bool) {
	if strings.EqualFold(word, "assignmentRemoved") {
		return StageRemoved, true
	}
	return ParseEnum(Stages, word)
}
