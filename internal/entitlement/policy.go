package entitlement

import "time"

// Policy is an accessPackageAssignmentPolicy: who may ask for a package, who approves, what
// is asked, for how long access lasts, and which custom extensions are called. It holds
// only settings that are enforced; others are refused when a policy is saved.
type Policy struct {
	Object
	PackageID   ID      `json:"-"`
	CatalogID   ID      `json:"-"` // that of the package
	DisplayName string  `json:"-"`
	Description *string `json:"description,omitzero"`

	AllowedTargetScope     TargetScope  `json:"allowedTargetScope"`
	SpecificAllowedTargets []SubjectSet `json:"specificAllowedTargets,omitzero"`
	// RequestorSettings is nil where the policy was saved without any: nobody may
	// then ask for themselves.
	RequestorSettings *RequestorSettings `json:"requestorSettings,omitzero"`
	ApprovalSettings  *ApprovalSettings  `json:"approvalSettings,omitzero"`
	// Expiration is nil where the policy was saved without any: access does not end.
	Expiration           *Expiration    `json:"expires,omitzero"`
	NotificationDisabled *bool          `json:"notificationDisabled,omitzero"`
	StageSettings        []StageSetting `json:"stageSettings,omitzero"`
	Questions            []Question     `json:"questions,omitzero"`
	// Automatic is set for an automatic assignment policy: the server itself gives and
	// takes the package, as the attribute rule in SpecificAllowedTargets says.
	Automatic *AutomaticSettings `json:"automatic,omitzero"`
}

// AutomaticPackageID is the package of an automatic assignment policy, of which a package
// has at most one; it is empty for every other policy.
func (p *Policy) AutomaticPackageID() ID {
	if p.Automatic == nil {
		return ""
	}
	return p.PackageID
}

// Determining are the extensions that say who approves.
func (p *Policy) Determining() []ID {
	var ids []ID
	for _, s := range p.StageSettings {
		if s.Stage == StageDetermining {
			ids = append(ids, s.ExtensionID)
		}
	}
	if p.ApprovalSettings != nil {
		for i := range p.ApprovalSettings.Stages {
			if id := p.ApprovalSettings.Stages[i].ExtensionID; id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Extensions are all extensions that the policy binds.
func (p *Policy) Extensions() []ID {
	ids := p.Determining()
	for _, s := range p.StageSettings {
		ids = append(ids, s.ExtensionID)
	}
	return ids
}

// AutomaticSettings is accessPackageAutomaticRequestSettings.
type AutomaticSettings struct {
	RequestForAllowed *bool          `json:"request,omitzero"` // requestAccessForAllowedTargets
	RemoveWhenLeaving *bool          `json:"remove,omitzero"`  // removeAccessWhenTargetLeavesAllowedTargets
	GracePeriod       *time.Duration `json:"grace,omitzero,format:nano"`
}

// Gives reports whether who the rule means is given the package.
func (s *AutomaticSettings) Gives() bool { return s != nil && is(s.RequestForAllowed) }

// Takes reports whether who the rule does not mean any more loses it, and after how long.
func (s *AutomaticSettings) Takes() (time.Duration, bool) {
	if s == nil || !is(s.RemoveWhenLeaving) {
		return 0, false
	}
	if s.GracePeriod == nil {
		return 0, true
	}
	return *s.GracePeriod, true
}

// MaxGracePeriod is the longest grace period of an automatic assignment policy.
const MaxGracePeriod = 365 * 24 * time.Hour

// TargetScope is allowedTargetScope: the class of subjects that a policy serves.
type TargetScope string

// Members of allowedTargetScope.
const (
	ScopeNotSpecified                       TargetScope = "notSpecified" // nobody may ask; administrators assign
	ScopeSpecificDirectoryUsers             TargetScope = "specificDirectoryUsers"
	ScopeSpecificConnectedOrganizationUsers TargetScope = "specificConnectedOrganizationUsers"
	ScopeSpecificServicePrincipals          TargetScope = "specificDirectoryServicePrincipals"
	ScopeAllMemberUsers                     TargetScope = "allMemberUsers"
	ScopeAllDirectoryUsers                  TargetScope = "allDirectoryUsers"
	ScopeAllServicePrincipals               TargetScope = "allDirectoryServicePrincipals"
	ScopeAllConfiguredOrganizationUsers     TargetScope = "allConfiguredConnectedOrganizationUsers"
	ScopeAllExternalUsers                   TargetScope = "allExternalUsers"
	ScopeAllAgentIdentities                 TargetScope = "allDirectoryAgentIdentities"
)

// TargetScopes lists the members in schema order.
var TargetScopes = []TargetScope{
	ScopeNotSpecified, ScopeSpecificDirectoryUsers, ScopeSpecificConnectedOrganizationUsers,
	ScopeSpecificServicePrincipals, ScopeAllMemberUsers, ScopeAllDirectoryUsers, ScopeAllServicePrincipals,
	ScopeAllConfiguredOrganizationUsers, ScopeAllExternalUsers, ScopeAllAgentIdentities,
}

// RequestorSettings is accessPackageAssignmentRequestorSettings: nil members read back as
// null and mean false.
type RequestorSettings struct {
	EnableTargetsToSelfAddAccess           *bool        `json:"selfAdd,omitzero"`
	EnableTargetsToSelfUpdateAccess        *bool        `json:"selfUpdate,omitzero"`
	EnableTargetsToSelfRemoveAccess        *bool        `json:"selfRemove,omitzero"`
	AllowCustomAssignmentSchedule          *bool        `json:"customSchedule,omitzero"`
	EnableOnBehalfRequestorsToAddAccess    *bool        `json:"onBehalfAdd,omitzero"`
	EnableOnBehalfRequestorsToUpdateAccess *bool        `json:"onBehalfUpdate,omitzero"`
	EnableOnBehalfRequestorsToRemoveAccess *bool        `json:"onBehalfRemove,omitzero"`
	OnBehalfRequestors                     []SubjectSet `json:"onBehalf,omitzero"`
}

// ApprovalSettings is accessPackageAssignmentApprovalSettings.
type ApprovalSettings struct {
	IsApprovalRequiredForAdd         *bool           `json:"forAdd,omitzero"`
	IsApprovalRequiredForUpdate      *bool           `json:"forUpdate,omitzero"`
	IsRequestorJustificationRequired *bool           `json:"justification,omitzero"`
	Stages                           []ApprovalStage `json:"stages,omitzero"`
}

// StagesFor are the stages that a request has to pass: none where none is required.
func (s *ApprovalSettings) StagesFor(update bool) []ApprovalStage {
	if s == nil || (update && !is(s.IsApprovalRequiredForUpdate)) || (!update && !is(s.IsApprovalRequiredForAdd)) {
		return nil
	}
	return s.Stages
}

// ExpirationType is expirationPatternType.
type ExpirationType string

// Members of expirationPatternType.
const (
	ExpirationNotSpecified  ExpirationType = "notSpecified"
	ExpirationNone          ExpirationType = "noExpiration"
	ExpirationAfterDateTime ExpirationType = "afterDateTime"
	ExpirationAfterDuration ExpirationType = "afterDuration"
)

// ExpirationTypes lists the members in schema order.
var ExpirationTypes = []ExpirationType{ExpirationNotSpecified, ExpirationNone, ExpirationAfterDateTime, ExpirationAfterDuration}

// StageSetting is a customExtensionStageSetting: the extension that is called when
// a request reaches the stage. Several settings of one stage are called in the
// order in which they stand.
type StageSetting struct {
	ID          ID    `json:"id"`
	Stage       Stage `json:"stage"`
	ExtensionID ID    `json:"extension"`
}

// Limits of one policy.
const (
	MaxStageSettings  = 20
	MaxAllowedTargets = 500 // graph: users and groups named in one policy
	// MaxAllowedOrganizations is how many connected organizations one policy may name.
	MaxAllowedOrganizations = 1000
)

// Validate checks what can be said of a policy alone. References are checked by
// the engine, which can look them up.
func (p *Policy) Validate() error {
	if err := checkName(p.DisplayName); err != nil {
		return err
	}
	if err := checkText("description", p.Description); err != nil {
		return err
	}
	if p.PackageID == "" {
		return Invalid("accessPackage", "accessPackage is required: {\"accessPackage\":{\"id\":\"…\"}}.")
	}
	for _, check := range []func() error{p.validateScope, p.validateRequestors, p.validateApproval, p.validateAutomatic, p.validateQuestions} {
		if err := check(); err != nil {
			return err
		}
	}
	if err := p.Expiration.Validate("expiration"); err != nil {
		return err
	}
	if n := len(p.StageSettings); n > MaxStageSettings {
		return Invalid("customExtensionStageSettings", "A policy has %d stage settings; the most is %d.", n, MaxStageSettings)
	}
	return nil
}
