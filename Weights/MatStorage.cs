namespace SiamIlgpu.Weights;

/// <summary>The type of the values in a data element. The numbers are those of the format.</summary>
internal enum MatStorage
{
    Int8 = 1,
    UInt8 = 2,
    Int16 = 3,
    UInt16 = 4,
    Int32 = 5,
    UInt32 = 6,
    Single = 7,
    Double = 9,
    Int64 = 12,
    UInt64 = 13,
    Matrix = 14,
    Compressed = 15,
    Utf8 = 16,
    Utf16 = 17,
    Utf32 = 18,
}

/// <summary>The MATLAB class of an array. The numbers are those of the format.</summary>
internal enum MatClass
{
    Cell = 1,
    Struct = 2,
    Object = 3,
    Char = 4,
    Sparse = 5,
    Double = 6,
    UInt64 = 15,
    Function = 16,
    Opaque = 17,
}

internal static class MatStorageSizes
{
    /// <summary>Bytes of one value; 0 if the element does not hold a row of values.</summary>
    internal static int Bytes(this MatStorage storage) => storage switch
    {
        MatStorage.Int8 or MatStorage.UInt8 or MatStorage.Utf8 => 1,
        MatStorage.Int16 or MatStorage.UInt16 or MatStorage.Utf16 => 2,
        MatStorage.Int32 or MatStorage.UInt32 or MatStorage.Single or MatStorage.Utf32 => 4,
        MatStorage.Double or MatStorage.Int64 or MatStorage.UInt64 => 8,
        _ => 0,
    };
}
