package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaFlag;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.SaOptionsBuilder;
import io.ipsecxdp.xfrm.codec.Layout.LifetimeConfig;
import io.ipsecxdp.xfrm.codec.Layout.UserSaInfo;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * How each property of {@link SaOptions} stands in NEWSA and UPDSA: one row for each component, in their order, that encoder
 * and decoder go through. What it is called where it differs stands in {@link SaOptions}.
 *
 * <p>A row is made once: no function is made for each SA, see {@link XfrmEncoder}.
 */
final class SaAttributes {

    /** @param name of the component */
    record Row(String name, Write write, Read read) {}

    /** Writes the property into the structure that begins at {@code info}, or as attributes; nothing if the SA has none. */
    @FunctionalInterface
    interface Write {
        void write(XfrmEncoder out, int info, SaOptions options, SaDir direction);
    }

    /** Reads the property, or that the SA has none. */
    @FunctionalInterface
    interface Read {
        void read(Bytes info, AddressFamily family, Attributes attributes, SaOptionsBuilder options);
    }

    /** Sets a component that is one number. */
    @FunctionalInterface
    private interface SetNumber {
        void set(SaOptionsBuilder options, long value);
    }

    static final List<Row> ROWS = List.of(
            new Row(
                    "lifetime",
                    (out, info, options, direction) -> out.putLifetime(info + UserSaInfo.LFT, options.lifetime()),
                    (info, family, attributes, options) ->
                            options.lifetime(XfrmDecoder.lifetime(info.slice(UserSaInfo.LFT, LifetimeConfig.SIZE)))),
            new Row("flags", SaAttributes::writeFlags, SaAttributes::readFlags),
            new Row(
                    "selector",
                    (out, info, options, direction) -> {
                        if (options.selector().isPresent()) {
                            out.putSelector(
                                    info + UserSaInfo.SEL, options.selector().get());
                        }
                    },
                    (info, family, attributes, options) ->
                            options.selector(XfrmDecoder.selector(info.slice(UserSaInfo.SEL, Layout.Selector.SIZE)))),
            new Row(
                    "encapsulation",
                    (out, info, options, direction) -> {
                        if (options.encapsulation().isPresent()) {
                            out.attributeEncapsulation(options.encapsulation().get());
                        }
                    },
                    (info, family, attributes, options) ->
                            options.encapsulation(XfrmDecoder.encapsulation(attributes, family))),
            new Row(
                    "outputMark",
                    (out, info, options, direction) -> {
                        if (options.outputMark().isPresent()) {
                            out.attributeInt(
                                    XfrmAttribute.SET_MARK,
                                    options.outputMark().get().value());
                            out.attributeInt(
                                    XfrmAttribute.SET_MARK_MASK,
                                    options.outputMark().get().mask());
                        }
                    },
                    (info, family, attributes, options) -> options.outputMark(XfrmDecoder.outputMark(attributes))),
            number("interfaceId", XfrmAttribute.IF_ID, SaOptions::interfaceId, SaOptionsBuilder::interfaceId),
            number("tfcPadding", XfrmAttribute.TFCPAD, SaOptions::tfcPadding, SaOptionsBuilder::tfcPadding),
            new Row(
                    "offload",
                    (out, info, options, direction) -> {
                        if (options.offload().isPresent()) {
                            out.attributeOffload(
                                    options.offload().get(),
                                    Numbers.offloadFlags(options.offload().get(), direction));
                        }
                    },
                    (info, family, attributes, options) -> options.offload(XfrmDecoder.offload(attributes))));

    private SaAttributes() {}

    static SaOptions read(Bytes info, AddressFamily family, Attributes attributes) {
        SaOptionsBuilder options = SaOptionsBuilder.builder();
        for (Row row : ROWS) {
            row.read().read(info, family, attributes, options);
        }
        return options.build();
    }

    /** An attribute of 32 bits without a sign, which an SA that has 0 does not have. */
    private static Row number(String name, int type, ToLongFunction<SaOptions> value, SetNumber set) {
        return new Row(
                name,
                (out, info, options, direction) -> out.attributeUnlessZero(type, value.applyAsLong(options)),
                (info, family, attributes, options) ->
                        set.set(options, Integer.toUnsignedLong(XfrmDecoder.number(attributes, type))));
    }

    private static void writeFlags(XfrmEncoder out, int info, SaOptions options, SaDir direction) {
        out.putByte(info + UserSaInfo.FLAGS, SaFlag.flags(options.flags()));
        out.attributeUnlessZero(XfrmAttribute.SA_EXTRA_FLAGS, SaFlag.extraFlags(options.flags()));
    }

    private static void readFlags(Bytes info, AddressFamily family, Attributes attributes, SaOptionsBuilder options) {
        options.flags(SaFlag.of(
                info.unsignedByte(UserSaInfo.FLAGS), XfrmDecoder.number(attributes, XfrmAttribute.SA_EXTRA_FLAGS)));
    }
}
