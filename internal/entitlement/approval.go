package entitlement

import "time"

// ApprovalStage is an accessPackageApprovalStage: one round of approval as a policy wants
// it. It is copied into the plan of each request.
type ApprovalStage struct {
	// AutomaticDenial is how long approvers have, Escalation after how long the alternates
	// join them. Escalation is zero where it is not enabled.
	AutomaticDenial time.Duration `json:"denial,omitzero,format:nano"`
	Escalation      time.Duration `json:"escalation,omitzero,format:nano"`
	// EscalationEnabled and JustificationRequired are the flags isEscalationEnabled and
	// isApproverJustificationRequired; nil reads back as null and means false.
	EscalationEnabled     *bool        `json:"escalates,omitzero"`
	JustificationRequired *bool        `json:"justification,omitzero"`
	Visibility            Visibility   `json:"visibility,omitzero"`
	Primary               []SubjectSet `json:"primary,omitzero"`
	FallbackPrimary       []SubjectSet `json:"fallbackPrimary,omitzero"`
	Alternates            []SubjectSet `json:"alternates,omitzero"` // escalationApprovers
	FallbackAlternates    []SubjectSet `json:"fallbackAlternates,omitzero"`

	// Dynamic marks an accessPackageDynamicApprovalStage: the owner of the extension
	// supplies the rest when they resume the request.
	Dynamic     bool `json:"dynamic,omitzero"`
	ExtensionID ID   `json:"extension,omitzero"`
}

// Escalates reports whether alternates join after a while.
func (s *ApprovalStage) Escalates() bool {
	return s.EscalationEnabled != nil && *s.EscalationEnabled && s.Escalation > 0
}

// NeedsJustification reports whether an approver has to say why.
func (s *ApprovalStage) NeedsJustification() bool {
	return s.JustificationRequired != nil && *s.JustificationRequired
}

// Visibility is approverInformationVisibility: whether the requestor learns who decided.
type Visibility string

// Members of approverInformationVisibility. VisibilityDefault means the setting of the
// tenant.
const (
	VisibilityDefault Visibility = "default"
	VisibilityHidden  Visibility = "notVisible"
	VisibilityVisible Visibility = "visible"
)

// Visibilities lists the members in schema order.
var Visibilities = []Visibility{VisibilityDefault, VisibilityHidden, VisibilityVisible}

// Limits of approval.
const (
	MaxApprovalStages = 3
	MaxApproverSets   = 100 // entries of one collection of approvers
	// MaxApprovers is how many people one stage asks; who are beyond it are not asked.
	MaxApprovers         = 1000
	MinAutomaticDenial   = time.Minute
	MaxAutomaticDenial   = 365 * 24 * time.Hour
	DefaultApprovalStage = 14 * 24 * time.Hour // where durationBeforeAutomaticDenial is left out
)

func (s *ApprovalStage) validate(at string) error {
	if s.Dynamic {
		if len(s.Primary)+len(s.FallbackPrimary)+len(s.Alternates)+len(s.FallbackAlternates) > 0 {
			return Invalid(at, "%s is an accessPackageDynamicApprovalStage: its approvers are supplied by its extension, so its collections of approvers must be empty.", at)
		}
		return nil
	}
	switch {
	case s.AutomaticDenial < MinAutomaticDenial || s.AutomaticDenial > MaxAutomaticDenial:
		return Invalid(at+"/durationBeforeAutomaticDenial", "durationBeforeAutomaticDenial is %s; it must be between %s and %s.",
			FormatDuration(s.AutomaticDenial), FormatDuration(MinAutomaticDenial), FormatDuration(MaxAutomaticDenial))
	case s.EscalationEnabled != nil && *s.EscalationEnabled && (s.Escalation <= 0 || s.Escalation >= s.AutomaticDenial):
		return Invalid(at+"/durationBeforeEscalation", "durationBeforeEscalation is %s; with isEscalationEnabled it must be more than zero and less than durationBeforeAutomaticDenial (%s).",
			FormatDuration(s.Escalation), FormatDuration(s.AutomaticDenial))
	case s.EscalationEnabled != nil && *s.EscalationEnabled && len(s.Alternates)+len(s.FallbackAlternates) == 0:
		return Invalid(at+"/escalationApprovers", "isEscalationEnabled is true, but there are neither escalationApprovers nor fallbackEscalationApprovers.")
	case len(s.Primary)+len(s.FallbackPrimary) == 0:
		return Invalid(at+"/primaryApprovers", "A stage needs primaryApprovers or fallbackPrimaryApprovers.")
	}
	for _, c := range []struct {
		name string
		sets []SubjectSet
	}{
		{"primaryApprovers", s.Primary},
		{"fallbackPrimaryApprovers", s.FallbackPrimary},
		{"escalationApprovers", s.Alternates},
		{"fallbackEscalationApprovers", s.FallbackAlternates},
	} {
		if err := validateSets(at+"/"+c.name, c.sets, MaxApproverSets, ApproverKinds); err != nil {
			return err
		}
	}
	return nil
}

// Validate checks a stage that was supplied for a dynamic one.
func (s *ApprovalStage) Validate(at string) error {
	if s.Dynamic {
		return Invalid(at, "A dynamic stage cannot be answered with another dynamic stage.")
	}
	return s.validate(at)
}

// ApprovalRun is an approvalStage of one request: a stage that was begun.
type ApprovalRun struct {
	// ID is made by ApprovalStageID.
	ID     ID             `json:"id"`
	Stage  int            `json:"stage"` // index in the plan
	Wait   int            `json:"wait"`
	Status ApprovalStatus `json:"status"`

	StartedAt time.Time `json:"startedAt,format:unixmicro"`
	// RemindAt and EscalateAt are zero when it has happened, or is not to.
	RemindAt   time.Time `json:"remindAt,omitzero,format:unixmicro"`
	EscalateAt time.Time `json:"escalateAt,omitzero,format:unixmicro"`
	ExpiresAt  time.Time `json:"expiresAt,format:unixmicro"`
	Escalated  bool      `json:"escalated,omitzero"`

	// Approvers may decide, Alternates once it is escalated. They are people, found when
	// the stage began, without the requestor and the target.
	Approvers  []ID `json:"approvers,omitzero"`
	Alternates []ID `json:"alternates,omitzero"`

	Decision Decision `json:"decision,omitzero"`
}

// ApprovalStageID is the public id of a stage of a request: known before it begins.
func ApprovalStageID(seed string, stage int) ID {
	return DeriveID(seed, "approval", string(rune('0'+stage)))
}

// ApprovalStatus is the status of an approvalStage.
type ApprovalStatus string

// Words of the status of an approvalStage.
const (
	ApprovalInitializing ApprovalStatus = "Initializing" // its turn has not come
	ApprovalInProgress   ApprovalStatus = "InProgress"
	ApprovalCompleted    ApprovalStatus = "Completed"
	ApprovalExpired      ApprovalStatus = "Expired"
)

// Decision is what an approver said. Its Result is empty while nobody has.
type Decision struct {
	Result        ReviewResult `json:"result,omitzero"`
	By            Subject      `json:"by,omitzero"`
	At            time.Time    `json:"at,omitzero,format:unixmicro"`
	Justification string       `json:"justification,omitzero"`
}

// ReviewResult is the reviewResult of an approvalStage as it reads.
type ReviewResult string

// Words of reviewResult. A PATCH says Approve or Deny.
const (
	ReviewNotReviewed ReviewResult = "NotReviewed"
	ReviewApproved    ReviewResult = "Approved"
	ReviewDenied      ReviewResult = "Denied"
)

// FoundApprovers are the people whom the collections of a stage mean for one request.
type FoundApprovers struct {
	Primary, FallbackPrimary, Alternates, FallbackAlternates []ID
}

// Approver says that a person is asked, or was asked, to decide on a request. It is kept
// beside the request so that the requests of an approver can be found.
type Approver struct {
	Object           // its id is made from the other members
	RequestID   ID   `json:"-"`
	PersonID    ID   `json:"-"`
	StageID     ID   `json:"stage"`
	IsAlternate bool `json:"alternate,omitzero"`
}

// ApproverID is the id of the approver that a person is for a request.
func ApproverID(request, person ID) ID { return request + "_" + person }
