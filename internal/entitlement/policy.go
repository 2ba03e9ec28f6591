package entitlement

// Policy is an accessPackageAssignmentPolicy: who may ask for a package, and which
// custom extensions are called. It holds only settings that this build enforces;
// others are refused when a policy is saved.
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
	// Expiration is nil or one of the types that never expire.
	Expiration           *ExpirationType `json:"expiration,omitzero"`
	NotificationDisabled *bool           `json:"notificationDisabled,omitzero"`
	StageSettings        []StageSetting  `json:"stageSettings,omitzero"`
}

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

// EnforcedTargetScopes are those that this build can decide.
var EnforcedTargetScopes = []TargetScope{
	ScopeNotSpecified, ScopeSpecificDirectoryUsers, ScopeAllMemberUsers, ScopeAllDirectoryUsers,
}

// SubjectSet is a subjectSet: one person (singleUser) or the members of a group
// (groupMembers). Description is the caller's text, given back as it came.
type SubjectSet struct {
	Kind        SubjectSetKind `json:"kind"`
	ID          ID             `json:"id"`
	Description *string        `json:"description,omitzero"`
}

// SubjectSetKind is the derived type of a subject set, without its namespace.
type SubjectSetKind string

// Kinds of subject set that this build resolves.
const (
	SingleUser   SubjectSetKind = "singleUser"
	GroupMembers SubjectSetKind = "groupMembers"
)

// RequestorSettings is accessPackageAssignmentRequestorSettings, cut to what is
// enforced: nil members read back as null.
type RequestorSettings struct {
	EnableTargetsToSelfAddAccess *bool `json:"selfAdd,omitzero"`
	// The others may only be false or absent; which of the two is kept so that a
	// policy reads back as it was written.
	EnableTargetsToSelfUpdateAccess        *bool `json:"selfUpdate,omitzero"`
	EnableTargetsToSelfRemoveAccess        *bool `json:"selfRemove,omitzero"`
	AllowCustomAssignmentSchedule          *bool `json:"customSchedule,omitzero"`
	EnableOnBehalfRequestorsToAddAccess    *bool `json:"onBehalfAdd,omitzero"`
	EnableOnBehalfRequestorsToUpdateAccess *bool `json:"onBehalfUpdate,omitzero"`
	EnableOnBehalfRequestorsToRemoveAccess *bool `json:"onBehalfRemove,omitzero"`
}

// ApprovalSettings is accessPackageAssignmentApprovalSettings, cut to what is
// enforced. The approval flags may only be false or absent.
type ApprovalSettings struct {
	IsApprovalRequiredForAdd         *bool `json:"forAdd,omitzero"`
	IsApprovalRequiredForUpdate      *bool `json:"forUpdate,omitzero"`
	IsRequestorJustificationRequired *bool `json:"justification,omitzero"`
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
	if err := p.validateScope(); err != nil {
		return err
	}
	if n := len(p.StageSettings); n > MaxStageSettings {
		return Invalid("customExtensionStageSettings", "A policy has %d stage settings; the most is %d.", n, MaxStageSettings)
	}
	return nil
}

func (p *Policy) validateScope() error {
	if n := len(p.SpecificAllowedTargets); n > MaxAllowedTargets {
		return Invalid("specificAllowedTargets", "A policy names %d users and groups; the most is %d.", n, MaxAllowedTargets)
	}
	for _, s := range p.SpecificAllowedTargets {
		if err := checkText("specificAllowedTargets", s.Description); err != nil {
			return err
		}
	}
	enforced := false
	for _, s := range EnforcedTargetScopes {
		enforced = enforced || s == p.AllowedTargetScope
	}
	switch {
	case p.AllowedTargetScope == "":
		return Invalid("allowedTargetScope", "allowedTargetScope is required: %s.", EnumWords(EnforcedTargetScopes))
	case !enforced:
		return Unsupported("allowedTargetScope", "allowedTargetScope '%s' is not enforced by this server yet, so it is not stored. It can be %s.",
			p.AllowedTargetScope, EnumWords(EnforcedTargetScopes))
	case p.AllowedTargetScope == ScopeSpecificDirectoryUsers && len(p.SpecificAllowedTargets) == 0:
		return Invalid("specificAllowedTargets", "allowedTargetScope 'specificDirectoryUsers' needs at least one entry in specificAllowedTargets.")
	case p.AllowedTargetScope != ScopeSpecificDirectoryUsers && len(p.SpecificAllowedTargets) > 0:
		return Invalid("specificAllowedTargets", "specificAllowedTargets must be empty when allowedTargetScope is '%s'; use 'specificDirectoryUsers' to name users and groups.", p.AllowedTargetScope)
	}
	return nil
}
