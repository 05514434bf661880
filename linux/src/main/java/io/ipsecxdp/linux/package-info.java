/** System calls that Java does not have, mapped by JNA, and the kernel's error numbers. Nothing here knows XFRM or BPF. */
package io.ipsecxdp.linux;
