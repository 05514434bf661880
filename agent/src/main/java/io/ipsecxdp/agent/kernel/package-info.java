/**
 * The one thread that changes the kernel, in rounds: observe, decide, act, observe again. {@code KernelThread} says what is
 * done when, {@code KernelReconciler} makes the rounds, {@code ActionExecutor} alone writes ahead and asks the kernel.
 */
package io.ipsecxdp.agent.kernel;
