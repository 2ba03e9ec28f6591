package entitlement

// Package is an accessPackage: what people ask for, a bundle of resource roles.
type Package struct {
	Object
	CatalogID   ID      `json:"-"`
	DisplayName string  `json:"-"`
	Description *string `json:"description,omitzero"`
	IsHidden    bool    `json:"isHidden"`
}

// Validate checks what can be said of a package alone.
func (p *Package) Validate() error {
	if err := checkName(p.DisplayName); err != nil {
		return err
	}
	if p.CatalogID == "" {
		return Invalid("catalog", "catalog is required: {\"catalog\":{\"id\":\"…\"}}.")
	}
	return checkText("description", p.Description)
}
