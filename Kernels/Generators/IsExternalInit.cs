namespace System.Runtime.CompilerServices;

/// <summary>What the compiler asks for in records, and netstandard2.0 does not have.</summary>
internal static class IsExternalInit;
