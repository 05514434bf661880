package io.ipsecxdp.crds;

/** Whether a policy can do without its SA (level of the kernel's {@code struct xfrm_user_tmpl}). */
public enum TemplateLevel {
    Required,
    Use
}
